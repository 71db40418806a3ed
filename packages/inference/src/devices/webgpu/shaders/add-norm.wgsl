// hidden += the sums of the last product (times their scales, where a row has some); normed = RMSNorm(hidden) * gain.
// SOURCE: 0 = nothing to add, 1 = o, 2 = down. A workgroup a row.
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<storage, read> partials: array<vec2f>;
@group(0) @binding(2) var<storage, read> scales: array<f32>;
@group(0) @binding(3) var<storage, read> gain: array<vec2f>;
@group(0) @binding(4) var<storage, read_write> hidden: array<vec2f>;
@group(0) @binding(5) var<storage, read_write> normed: array<Pair>;

const THREADS = 128u;
const ROW_PAIRS = WIDTH / 2u;
const EACH = (ROW_PAIRS + THREADS - 1u) / THREADS;

var<workgroup> squares: array<f32, THREADS>;
var<workgroup> sums: array<f32, 8>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let at = group.x * ROW_PAIRS;
  let scaleAt = shape.scaleBase + group.x * shape.scaleStride + select(SCALE_O, SCALE_DOWN, SOURCE == 2u);
  let splits = select(shape.splitO, shape.splitDown, SOURCE == 2u);
  var own: array<vec2f, EACH>;
  var square = 0.0;
  for (var j = 0u; j < EACH; j++) {
    let i = thread + j * THREADS;
    if (i < ROW_PAIRS) {
      var value = hidden[at + i];
      if (SOURCE != 0u) {
        var delta = vec2f();
        for (var split = 0u; split < splits; split++) {
          delta += partials[split * shape.rows * ROW_PAIRS + at + i];
        }
        if (shape.scaled == 2u) {
          delta *= vec2f(scales[scaleAt + 2u * i], scales[scaleAt + 2u * i + 1u]);
        }
        value += delta;
        hidden[at + i] = value;
      }
      own[j] = value;
      square += dot(value, value);
    }
  }
  squares[thread] = square;
  workgroupBarrier();
  if (thread < 8u) {
    var sum = 0.0;
    for (var i = 0u; i < THREADS / 8u; i++) {
      sum += squares[thread * (THREADS / 8u) + i];
    }
    sums[thread] = sum;
  }
  workgroupBarrier();
  var total = 0.0;
  for (var i = 0u; i < 8u; i++) {
    total += sums[i];
  }
  let inverse = inverseSqrt(total / f32(WIDTH) + EPSILON);
  for (var j = 0u; j < EACH; j++) {
    let i = thread + j * THREADS;
    if (i < ROW_PAIRS) {
      normed[at + i] = toPair(own[j] * inverse * gain[i]);
    }
  }
}
