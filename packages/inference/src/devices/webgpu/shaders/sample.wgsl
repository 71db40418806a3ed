// Chooses a token a row from logits [rows, LOGIT_PITCH]: the largest, or a draw at a temperature among those that topK, topP
// and minP leave, in the order of their ids. -1 where no logit is a number. A workgroup a row.
@group(0) @binding(0) var<storage, read> rows: array<Row>;
// float32 as bits: what is not a number must be told by its bits, compilers may assume that there is none.
@group(0) @binding(1) var<storage, read> logits: array<u32>;
@group(0) @binding(2) var<storage, read_write> chosen: array<i32>;

const THREADS = 256u;

var<workgroup> values: array<f32, THREADS>;
var<workgroup> counts: array<u32, THREADS>;
var<workgroup> ids: array<u32, THREADS>;
var<workgroup> found: u32;

// Orders floats as unsigned integers; 0 for what is not a number.
fn ordered(bits: u32) -> u32 {
  if ((bits & 0x7fffffffu) > 0x7f800000u) {
    return 0u;
  }
  return select(bits | 0x80000000u, ~bits, (bits & 0x80000000u) != 0u);
}

// Sums over the workgroup, known to every thread.
fn totals(value: f32, count: u32, thread: u32) -> vec2f {
  values[thread] = value;
  counts[thread] = count;
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half) {
      values[thread] += values[thread + half];
      counts[thread] += counts[thread + half];
    }
  }
  workgroupBarrier();
  let sums = vec2f(values[0], f32(counts[0]));
  workgroupBarrier();
  return sums;
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = rows[group.x];
  let own = group.x * LOGIT_PITCH;
  // The largest, the first of equals.
  var most = 0u;
  var at = VOCAB;
  for (var i = thread; i < VOCAB; i += THREADS) {
    let key = ordered(logits[own + i]);
    if (key > most) {
      most = key;
      at = i;
    }
  }
  counts[thread] = most;
  ids[thread] = at;
  for (var half = THREADS / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (thread < half) {
      let other = counts[thread + half];
      let otherAt = ids[thread + half];
      if (other > counts[thread] || (other == counts[thread] && otherAt < ids[thread])) {
        counts[thread] = other;
        ids[thread] = otherAt;
      }
    }
  }
  at = workgroupUniformLoad(&ids[0]);
  if (at == VOCAB || row.temperature == 0.0) {
    if (thread == 0u) {
      chosen[group.x] = select(i32(at), -1, at == VOCAB);
    }
    return;
  }
  let peak = bitcast<f32>(logits[own + at]);
  let inverse = 1.0 / row.temperature;

  var mine = 0.0;
  for (var i = thread; i < VOCAB; i += THREADS) {
    if (ordered(logits[own + i]) != 0u) {
      mine += exp((bitcast<f32>(logits[own + i]) - peak) * inverse);
    }
  }
  let whole = totals(mine, 0u, thread).x;

  // The lowest logit kept, bit by bit: the largest threshold that still holds topP of the mass, and topK tokens.
  var threshold = 1u;
  if (row.topP < 1.0 || row.topK > 0u) {
    var massCut = 0u;
    var countCut = 0u;
    for (var bit = 0u; bit < 32u; bit++) {
      let massTry = massCut | (0x80000000u >> bit);
      let countTry = countCut | (0x80000000u >> bit);
      var mass = 0.0;
      var count = 0u;
      for (var i = thread; i < VOCAB; i += THREADS) {
        let key = ordered(logits[own + i]);
        if (key >= massTry) {
          mass += exp((bitcast<f32>(logits[own + i]) - peak) * inverse);
        }
        count += select(0u, 1u, key >= countTry);
      }
      let sums = totals(mass, count, thread);
      if (row.topP < 1.0 && sums.x >= row.topP * whole) {
        massCut = massTry;
      }
      if (row.topK > 0u && sums.y >= f32(row.topK)) {
        countCut = countTry;
      }
    }
    threshold = max(threshold, max(massCut, countCut));
  }

  // Every thread owns a run of ids; the draw falls into one run.
  const runLength = (VOCAB + THREADS - 1u) / THREADS;
  let first = thread * runLength;
  let last = min(first + runLength, VOCAB);
  mine = 0.0;
  for (var i = first; i < last; i++) {
    if (ordered(logits[own + i]) >= threshold) {
      let weight = exp((bitcast<f32>(logits[own + i]) - peak) * inverse);
      mine += select(0.0, weight, weight >= row.minP);
    }
  }
  values[thread] = mine;
  if (thread == 0u) {
    found = at;
  }
  workgroupBarrier();
  var before = 0.0;
  var sum = 0.0;
  for (var i = 0u; i < THREADS; i++) {
    if (i == thread) {
      before = sum;
    }
    sum += values[i];
  }
  let goal = row.chance * sum;
  if (mine > 0.0 && before <= goal && goal < before + mine) {
    var passed = before;
    for (var i = first; i < last; i++) {
      if (ordered(logits[own + i]) < threshold) {
        continue;
      }
      let weight = exp((bitcast<f32>(logits[own + i]) - peak) * inverse);
      if (weight < row.minP) {
        continue;
      }
      passed += weight;
      found = i; // by one thread alone: runs don't overlap
      if (passed > goal) {
        break;
      }
    }
  }
  workgroupBarrier();
  if (thread == 0u) {
    chosen[group.x] = i32(found);
  }
}
