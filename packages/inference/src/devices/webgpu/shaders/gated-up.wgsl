// inner [rows, FFN] = act(gate * its scale) * up * its scale, from the sums of both products. Grid: (columns, rows).
@group(0) @binding(0) var<uniform> shape: Shape;
// [splits, rows, 2, FFN]: gate, up
@group(0) @binding(1) var<storage, read> partials: array<vec2f>;
@group(0) @binding(2) var<storage, read> scales: array<f32>;
@group(0) @binding(3) var<storage, read_write> inner: array<Pair>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let i = id.x;
  let row = id.y;
  if (i >= FFN / 2u) {
    return;
  }
  var gate = vec2f();
  var up = vec2f();
  for (var split = 0u; split < shape.splitGateUp; split++) {
    let at = (split * shape.rows + row) * FFN + i;
    gate += partials[at];
    up += partials[at + FFN / 2u];
  }
  let scaleAt = shape.scaleBase + row * shape.scaleStride + 2u * i;
  if (shape.scaled == 2u) {
    gate *= vec2f(scales[scaleAt + SCALE_GATE], scales[scaleAt + SCALE_GATE + 1u]);
  }
  if (shape.scaled != 0u) {
    up *= vec2f(scales[scaleAt + SCALE_UP], scales[scaleAt + SCALE_UP + 1u]);
  }
  var activated: vec2f;
  if (GELU) {
    // tanh of large numbers overflows in some drivers: it is 1 from 10 on anyway.
    activated = 0.5 * gate * (1.0 + tanh(clamp(0.7978845608 * (gate + 0.044715 * gate * gate * gate), vec2f(-10.0), vec2f(10.0))));
  } else {
    activated = gate / (1.0 + exp(-gate));
  }
  inner[row * (FFN / 2u) + i] = toPair(activated * up);
}
