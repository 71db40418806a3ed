// hidden [rows, WIDTH] = embed[token]; enters each row's new page in its table. A workgroup a row.
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> rows: array<Row>;
@group(0) @binding(2) var<storage, read> embed: array<Pair>;
@group(0) @binding(3) var<storage, read_write> hidden: array<vec2f>;
@group(0) @binding(4) var<storage, read_write> pageTables: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = rows[group.x];
  if (thread == 0u && row.newPage >= 0) {
    pageTables[shape.tableBase + group.x * shape.tableStride + (row.tokens - 1u) / PAGE_TOKENS] = u32(row.newPage);
  }
  for (var i = thread; i < WIDTH / 2u; i += 64u) {
    hidden[group.x * (WIDTH / 2u) + i] = fromPair(embed[row.token * (WIDTH / 2u) + i]);
  }
}
