// Weights, activations and the cache in float16, two to a word: core WGSL unpacks them, no feature is asked for.
alias Unit = vec4<u32>; // eight numbers
alias Pair = u32;

struct Eight {
  low: vec4f,
  high: vec4f,
}

fn widen(unit: Unit) -> Eight {
  return Eight(
    vec4f(unpack2x16float(unit.x), unpack2x16float(unit.y)),
    vec4f(unpack2x16float(unit.z), unpack2x16float(unit.w)),
  );
}

fn toPair(values: vec2f) -> Pair {
  return pack2x16float(values);
}

fn fromPair(pair: Pair) -> vec2f {
  return unpack2x16float(pair);
}
