// q, k, v from the sums of their product: scaled where the row has scales, q and k rotated to the row's position; q goes to
// `query` [rows, Q_WIDTH] with attention's 1 / sqrt(HEAD_DIM) in it, k and v to the row's page. A workgroup a row.
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> rows: array<Row>;
@group(0) @binding(2) var<storage, read> partials: array<vec2f>;
@group(0) @binding(3) var<storage, read> scales: array<f32>;
// Cosines and sines of the rotation, [context, PAIRS] each.
@group(0) @binding(4) var<storage, read> cosines: array<vec2f>;
@group(0) @binding(5) var<storage, read> sines: array<vec2f>;
@group(0) @binding(6) var<storage, read> pageTables: array<u32>;
@group(0) @binding(7) var<storage, read_write> query: array<vec2f>;
@group(0) @binding(8) var<storage, read_write> cache: array<Pair>;

const THREADS = 128u;

fn scaled(row: u32, i: u32) -> vec2f {
  var value = vec2f();
  for (var split = 0u; split < shape.splitQkv; split++) {
    value += partials[((split * shape.rows + row) * QKV_WIDTH + i) / 2u];
  }
  if (shape.scaled != 0u) {
    let at = shape.scaleBase + row * shape.scaleStride + SCALE_QKV + i;
    value *= vec2f(scales[at], scales[at + 1u]);
  }
  return value;
}

// Where number `dim` of a key lies, in pairs.
fn keyAt(block: u32, dim: u32, slot: u32) -> u32 {
  return (block + dim / 8u * PAGE_TOKENS + slot) * 4u + dim % 8u / 2u;
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = group.x;
  let position = rows[row].tokens - 1u;
  let page = pageTables[shape.tableBase + row * shape.tableStride + position / PAGE_TOKENS];
  let slot = position % PAGE_TOKENS;
  // Each item is two neighbouring numbers and, of q and k, the two that rotate with them.
  const perHead = PAIRS / 2u;
  const rotating = (HEADS + KV_HEADS) * perHead;
  for (var item = thread; item < rotating + KV_WIDTH / 2u; item += THREADS) {
    if (item >= rotating) {
      let dim = (item - rotating) * 2u;
      let value = scaled(row, Q_WIDTH + KV_WIDTH + dim);
      let block = cacheBlock(page, 1u, dim / HEAD_DIM);
      cache[(block + slot * HEAD_UNITS) * 4u + dim % HEAD_DIM / 2u] = toPair(value);
      continue;
    }
    let head = item / perHead;
    let dim = item % perHead * 2u;
    let first = scaled(row, head * HEAD_DIM + dim);
    let second = scaled(row, head * HEAD_DIM + dim + PAIRS);
    let cosine = cosines[(position * PAIRS + dim) / 2u];
    let sine = sines[(position * PAIRS + dim) / 2u];
    let turnedFirst = first * cosine - second * sine;
    let turnedSecond = second * cosine + first * sine;
    if (head < HEADS) {
      let sharpness = inverseSqrt(f32(HEAD_DIM));
      let at = (row * Q_WIDTH + head * HEAD_DIM + dim) / 2u;
      query[at] = turnedFirst * sharpness;
      query[at + PAIRS / 2u] = turnedSecond * sharpness;
    } else {
      let block = cacheBlock(page, 0u, head - HEADS);
      cache[keyAt(block, dim, slot)] = toPair(turnedFirst);
      cache[keyAt(block, dim + PAIRS, slot)] = toPair(turnedSecond);
    }
  }
}
