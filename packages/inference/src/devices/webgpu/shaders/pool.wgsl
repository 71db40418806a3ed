// pooled [WIDTH] of a prompt's normed [rows, WIDTH]. A workgroup has 32 columns x POOL_ROWS.
@group(0) @binding(0) var<uniform> shape: Shape;
@group(0) @binding(1) var<uniform> generator: Generator;
@group(0) @binding(2) var<storage, read> normed: array<Pair>;
@group(0) @binding(3) var<storage, read> scores: array<f32>;
@group(0) @binding(4) var<storage, read_write> pooled: array<f32>;

const POOL_LAST = 1u;
const POOL_MAX = 2u;
const POOL_ATTENTION = 3u;
const POOL_ROWS = 8u;

var<workgroup> parts: array<f32, 256>;
var<workgroup> masses: array<f32, 256>;

@compute @workgroup_size(256)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let team = thread / 32u;
  let i = group.x * 32u + thread % 32u;
  let isMax = generator.pooler == POOL_MAX;
  var most = LOWEST;
  if (generator.pooler == POOL_ATTENTION) {
    for (var t = 0u; t < shape.rows; t++) {
      most = max(most, scores[t]);
    }
  }
  var part = select(0.0, LOWEST, isMax);
  var mass = 0.0;
  if (i < WIDTH) {
    for (var t = select(team, shape.rows - 1u + team, generator.pooler == POOL_LAST); t < shape.rows; t += POOL_ROWS) {
      let x = fromPair(normed[(t * WIDTH + i) / 2u])[i % 2u];
      var weight = 1.0;
      if (generator.pooler == POOL_ATTENTION) {
        weight = exp(scores[t] - most);
      }
      part = select(part + weight * x, max(part, x), isMax);
      mass += weight;
    }
  }
  parts[thread] = part;
  masses[thread] = mass;
  workgroupBarrier();
  if (team > 0u || i >= WIDTH) {
    return;
  }
  for (var other = 32u; other < 256u; other += 32u) {
    part = select(part + parts[thread + other], max(part, parts[thread + other]), isMax);
    mass += masses[thread + other];
  }
  pooled[i] = select(part / mass, part, isMax);
}
