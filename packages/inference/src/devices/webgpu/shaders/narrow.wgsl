// float32 [rows, columns] -> a part of a matrix of pairs, or of its transpose: the weights as they are kept.
struct Placement {
  rows: u32,
  columns: u32,
  // Numbers from one row of the target to the next, and where the part begins.
  pitch: u32,
  offset: u32,
  transposed: u32,
}

@group(0) @binding(0) var<uniform> placement: Placement;
@group(0) @binding(1) var<storage, read> source: array<f32>;
@group(0) @binding(2) var<storage, read_write> kept: array<Pair>;

// One pair of the target a thread: neighbours along the target's rows.
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let at = id.x + id.y * groups.x * 64u;
  if (at >= placement.rows * placement.columns / 2u) {
    return;
  }
  let transposed = placement.transposed != 0u;
  let width = select(placement.columns, placement.rows, transposed);
  let row = at * 2u / width;
  let column = at * 2u % width;
  var values: vec2f;
  if (transposed) {
    values = vec2f(source[column * placement.columns + row], source[(column + 1u) * placement.columns + row]);
  } else {
    values = vec2f(source[at * 2u], source[at * 2u + 1u]);
  }
  kept[(placement.offset + row * placement.pitch + column) / 2u] = toPair(values);
}
