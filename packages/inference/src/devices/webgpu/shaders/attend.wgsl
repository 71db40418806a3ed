// Each row's queries attend to the row's own positions, `tokens` of them: decoding and prompts alike. Positions pass in
// chunks with a running softmax: first a thread scores a position, then teams of threads, one for every unit of a head, add
// up the values. query [rows, Q_WIDTH] -> attended [rows, Q_WIDTH]. Grid: (KV_HEADS, rows).
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> rows: array<Row>;
@group(0) @binding(2) var<storage, read> query: array<vec4f>;
@group(0) @binding(3) var<storage, read> pageTables: array<u32>;
@group(0) @binding(4) var<storage, read> cache: array<Unit>;
@group(0) @binding(5) var<storage, read_write> attended: array<Pair>;

const THREADS = 128u; // and positions of a chunk
const TEAMS = THREADS / HEAD_UNITS;
const QUERY_VECTORS = GROUP * HEAD_DIM / 4u;

var<workgroup> queries: array<vec4f, QUERY_VECTORS>;
var<workgroup> scores: array<f32, GROUP * THREADS>;
var<workgroup> peaks: array<f32, GROUP * 8u>;
var<workgroup> masses: array<f32, TEAMS>;
var<workgroup> parts: array<vec4f, TEAMS * HEAD_UNITS * 2u>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let head = group.x;
  let row = group.y;
  let tokens = rows[row].tokens;
  let table = shape.tableBase + row * shape.tableStride;
  for (var i = thread; i < QUERY_VECTORS; i += THREADS) {
    queries[i] = query[row * (Q_WIDTH / 4u) + head * QUERY_VECTORS + i];
  }
  let lane = thread % HEAD_UNITS;
  let team = thread / HEAD_UNITS;
  var peak: array<f32, GROUP>;
  var mass: array<f32, GROUP>;
  var sums: array<Eight, GROUP>;
  for (var g = 0u; g < GROUP; g++) {
    peak[g] = LOWEST;
  }
  workgroupBarrier();

  for (var start = 0u; start < tokens; start += THREADS) {
    let position = start + thread;
    let there = position < tokens;
    var score = array<f32, GROUP>(); // without a value it was not cleared at every round
    if (there) {
      let block = cacheBlock(pageTables[table + position / PAGE_TOKENS], 0u, head) + position % PAGE_TOKENS;
      for (var part = 0u; part < HEAD_UNITS; part++) {
        let key = widen(cache[block + part * PAGE_TOKENS]);
        for (var g = 0u; g < GROUP; g++) {
          let at = (g * HEAD_UNITS + part) * 2u;
          score[g] += dot(queries[at], key.low) + dot(queries[at + 1u], key.high);
        }
      }
    }
    for (var g = 0u; g < GROUP; g++) {
      scores[g * THREADS + thread] = select(LOWEST, score[g], there);
    }
    workgroupBarrier();
    if (thread < GROUP * 8u) {
      var most = LOWEST;
      for (var i = 0u; i < THREADS / 8u; i++) {
        most = max(most, scores[thread * (THREADS / 8u) + i]);
      }
      peaks[thread] = most;
    }
    workgroupBarrier();
    for (var g = 0u; g < GROUP; g++) {
      var higher = peak[g];
      for (var i = 0u; i < 8u; i++) {
        higher = max(higher, peaks[g * 8u + i]);
      }
      let old = exp(peak[g] - higher);
      peak[g] = higher;
      mass[g] *= old;
      sums[g].low *= old;
      sums[g].high *= old;
      scores[g * THREADS + thread] = select(0.0, exp(score[g] - higher), there);
    }
    workgroupBarrier();
    if (team < TEAMS) {
      let count = min(THREADS, tokens - start);
      for (var i = team; i < count; i += TEAMS) {
        let at = start + i;
        let block = cacheBlock(pageTables[table + at / PAGE_TOKENS], 1u, head);
        let value = widen(cache[block + at % PAGE_TOKENS * HEAD_UNITS + lane]);
        for (var g = 0u; g < GROUP; g++) {
          let weight = scores[g * THREADS + i];
          mass[g] += weight;
          sums[g].low += weight * value.low;
          sums[g].high += weight * value.high;
        }
      }
    }
    workgroupBarrier();
  }

  for (var g = 0u; g < GROUP; g++) {
    if (team < TEAMS) {
      parts[thread * 2u] = sums[g].low;
      parts[thread * 2u + 1u] = sums[g].high;
      if (lane == 0u) {
        masses[team] = mass[g];
      }
    }
    workgroupBarrier();
    if (thread < HEAD_DIM / 4u) {
      var total = 0.0;
      var value = vec4f();
      for (var other = 0u; other < TEAMS; other++) {
        total += masses[other];
        value += parts[other * (HEAD_UNITS * 2u) + thread];
      }
      value /= total;
      let at = (row * Q_WIDTH + (head * GROUP + g) * HEAD_DIM) / 2u + thread * 2u;
      attended[at] = toPair(value.xy);
      attended[at + 1u] = toPair(value.zw);
    }
    workgroupBarrier();
  }
}
