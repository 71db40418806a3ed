// PARA's generator: scales = 1 + strength * (bias + act(pooled . down) . up). With `wide` the adapter's columns are the
// scales' own; else they are q, v, up. Grid: columns / 128.
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<uniform> generator: Generator;
@group(0) @binding(2) var<uniform> layer: u32;
@group(0) @binding(3) var<storage, read> pooled: array<f32>;
@group(0) @binding(4) var<storage, read_write> scales: array<f32>;
@group(1) @binding(0) var<storage, read> adapter: array<f32>;

const THREADS = 128u;
const LANES = 8u;
const ACTIVATION_SILU = 1u;
const ACTIVATION_RATIONAL = 2u;

var<workgroup> parts: array<f32, THREADS>;
var<workgroup> inner: array<f32, MAX_RANK>;

fn tensor(which: u32) -> u32 {
  return bitcast<u32>(adapter[layer * ADAPTER_TENSORS + which]);
}

// erf to 1.2e-7 of relative error: W. J. Cody's form as in Numerical Recipes, 6.2.2 (erfcc).
fn erf(x: f32) -> f32 {
  let t = 1.0 / (1.0 + 0.5 * abs(x));
  let tail = t * exp(-x * x - 1.26551223 + t * (1.00002368 + t * (0.37409196 + t * (0.09678418 + t * (-0.18628806
    + t * (0.27886807 + t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277)))))))));
  return select(tail - 1.0, 1.0 - tail, x >= 0.0);
}

fn activate(x: f32) -> f32 {
  if (generator.activation == ACTIVATION_SILU) {
    return x / (1.0 + exp(-x));
  }
  if (generator.activation == ACTIVATION_RATIONAL) {
    let r = tensor(ADAPTER_RATIONAL);
    return (adapter[r] + x * (adapter[r + 1u] + x * (adapter[r + 2u] + x * adapter[r + 3u])))
      / (1.0 + abs(x * (adapter[r + 4u] + x * adapter[r + 5u])));
  }
  return 0.5 * x * (1.0 + erf(x * 0.70710678));
}

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let rank = generator.rank;
  let down = tensor(ADAPTER_DOWN);
  for (var first = 0u; first < rank; first += THREADS / LANES) {
    let j = first + thread / LANES;
    var part = 0.0;
    if (j < rank) {
      for (var i = thread % LANES; i < WIDTH; i += LANES) {
        part += pooled[i] * adapter[down + i * rank + j];
      }
    }
    parts[thread] = part;
    workgroupBarrier();
    if (j < rank && thread % LANES == 0u) {
      var x = 0.0;
      for (var i = 0u; i < LANES; i++) {
        x += parts[thread + i];
      }
      inner[j] = activate(x);
    }
    workgroupBarrier();
  }
  let column = group.x * THREADS + thread;
  if (column >= generator.columns) {
    return;
  }
  let up = tensor(ADAPTER_UP);
  let bias = tensor(ADAPTER_BIAS);
  var delta = 0.0;
  if (bias != 0u) {
    delta = adapter[bias + column];
  }
  for (var j = 0u; j < rank; j++) {
    delta += inner[j] * adapter[up + j * generator.columns + column];
  }
  var to = column;
  if (generator.wide == 0u) {
    if (column >= Q_WIDTH + KV_WIDTH) {
      to = SCALE_UP + column - (Q_WIDTH + KV_WIDTH);
    } else if (column >= Q_WIDTH) {
      to = column + KV_WIDTH; // k is not scaled
    }
  }
  scales[shape.scaleBase + to] = 1.0 + generator.strength * delta;
}
