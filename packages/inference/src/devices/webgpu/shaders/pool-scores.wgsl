// Score of every prompt token for the attention pooler: normed . query. A workgroup a token.
@group(0) @binding(0) var<uniform> layer: u32;
@group(0) @binding(1) var<storage, read> normed: array<Pair>;
@group(0) @binding(2) var<storage, read_write> scores: array<f32>;
@group(1) @binding(0) var<storage, read> adapter: array<f32>;

const THREADS = 64u;
var<workgroup> parts: array<f32, THREADS>;

@compute @workgroup_size(THREADS)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let query = bitcast<u32>(adapter[layer * ADAPTER_TENSORS + ADAPTER_POOL]);
  var sum = 0.0;
  for (var i = thread; i < WIDTH / 2u; i += THREADS) {
    let x = fromPair(normed[group.x * (WIDTH / 2u) + i]);
    sum += x.x * adapter[query + 2u * i] + x.y * adapter[query + 2u * i + 1u];
  }
  parts[thread] = sum;
  workgroupBarrier();
  if (thread == 0u) {
    var total = 0.0;
    for (var i = 0u; i < THREADS; i++) {
      total += parts[i];
    }
    scores[group.x] = total;
  }
}
