// partials [splits, rows, N] = left [rows, K] . right, each split over its share of K; the reader adds the splits. `right` is
// [K, N], or [N, K] when TRANSPOSED. A workgroup computes BM x 64 numbers, a thread 4 x 4; while one tile of 32 along K is
// multiplied, the next is on its way from memory. Grid: (columns / 64, rows / BM, splits).
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> left: array<Unit>;
@group(0) @binding(2) var<storage, read> right: array<Unit>;
@group(0) @binding(3) var<storage, read_write> partials: array<vec4f>;

const BN = 64u;
const BK = 32u;
const THREADS = BM * 4u;
const RIGHT_EACH = 256u / THREADS;
const PITCH = (N + 3u) / 4u;

// [BK, BM / 4] and [BK, BN / 4]
var<workgroup> leftTile: array<vec4f, BK * BM / 4u>;
var<workgroup> rightTile: array<vec4f, BK * BN / 4u>;

fn loadLeft(row: u32, k: u32) -> Eight {
  if (row >= shape.rows || k >= K) {
    return Eight();
  }
  return widen(left[((shape.first + row) * K + k) / 8u]);
}

fn loadRight(unit: u32, firstColumn: u32, firstK: u32) -> Eight {
  if (TRANSPOSED) {
    let n = firstColumn + unit % BN;
    let k = firstK + unit / BN * 8u;
    if (n >= N || k >= K) {
      return Eight();
    }
    return widen(right[(n * K + k) / 8u]);
  }
  let n = firstColumn + unit % 8u * 8u;
  let k = firstK + unit / 8u;
  if (n >= N || k >= K) {
    return Eight();
  }
  return widen(right[(k * N + n) / 8u]);
}

@compute @workgroup_size(THREADS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32,
) {
  let firstColumn = group.x * BN;
  let firstRow = group.y * BM;
  const tiles = (K + BK - 1u) / BK;
  let share = (tiles + groups.z - 1u) / groups.z;
  let begin = group.z * share;
  let end = min(begin + share, tiles);
  let tx = thread % 16u;
  let ty = thread / 16u;
  let leftRow = thread % BM;
  let leftPart = thread / BM;

  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  var nextLeft = loadLeft(firstRow + leftRow, begin * BK + leftPart * 8u);
  var nextRight: array<Eight, RIGHT_EACH>;
  for (var j = 0u; j < RIGHT_EACH; j++) {
    nextRight[j] = loadRight(thread + j * THREADS, firstColumn, begin * BK);
  }
  for (var tile = begin; tile < end; tile++) {
    workgroupBarrier();
    for (var i = 0u; i < 4u; i++) {
      leftTile[((leftPart * 8u + i) * BM + leftRow) / 4u][leftRow % 4u] = nextLeft.low[i];
      leftTile[((leftPart * 8u + 4u + i) * BM + leftRow) / 4u][leftRow % 4u] = nextLeft.high[i];
    }
    for (var j = 0u; j < RIGHT_EACH; j++) {
      let unit = thread + j * THREADS;
      if (TRANSPOSED) {
        let n = unit % BN;
        let k = unit / BN * 8u;
        for (var i = 0u; i < 4u; i++) {
          rightTile[((k + i) * BN + n) / 4u][n % 4u] = nextRight[j].low[i];
          rightTile[((k + 4u + i) * BN + n) / 4u][n % 4u] = nextRight[j].high[i];
        }
      } else {
        rightTile[unit * 2u] = nextRight[j].low;
        rightTile[unit * 2u + 1u] = nextRight[j].high;
      }
    }
    workgroupBarrier();
    if (tile + 1u < end) {
      nextLeft = loadLeft(firstRow + leftRow, (tile + 1u) * BK + leftPart * 8u);
      for (var j = 0u; j < RIGHT_EACH; j++) {
        nextRight[j] = loadRight(thread + j * THREADS, firstColumn, (tile + 1u) * BK);
      }
    }
    for (var k = 0u; k < BK; k++) {
      let a = leftTile[k * (BM / 4u) + ty];
      let b = rightTile[k * (BN / 4u) + tx];
      sum0 = fma(a.xxxx, b, sum0);
      sum1 = fma(a.yyyy, b, sum1);
      sum2 = fma(a.zzzz, b, sum2);
      sum3 = fma(a.wwww, b, sum3);
    }
  }

  let column = firstColumn / 4u + tx;
  if (column >= PITCH) {
    return;
  }
  let row = firstRow + ty * 4u;
  let at = (group.z * shape.rows + row) * PITCH + column;
  if (row < shape.rows) { partials[at] = sum0; }
  if (row + 1u < shape.rows) { partials[at + PITCH] = sum1; }
  if (row + 2u < shape.rows) { partials[at + 2u * PITCH] = sum2; }
  if (row + 3u < shape.rows) { partials[at + 3u * PITCH] = sum3; }
}
