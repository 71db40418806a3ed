// Weights, activations and the cache in float32.
struct Eight {
  low: vec4f,
  high: vec4f,
}
alias Unit = Eight;
alias Pair = vec2f;

fn widen(unit: Unit) -> Eight {
  return unit;
}

fn toPair(values: vec2f) -> Pair {
  return values;
}

fn fromPair(pair: Pair) -> vec2f {
  return pair;
}
