import { add, mul, sub } from '../build.ts';
import type { Value } from '../graph.ts';

const sqrtHalf = Math.SQRT1_2;
const rootTwoOverPi = Math.sqrt(2 / Math.PI);
const cubic = 0.044715;

/** erf in float64: its Maclaurin series near 0, a continued fraction of erfc beyond (error below 1e-15). */
export function erf(x: number): number {
  const z = Math.abs(x);
  if (z > 6) return Math.sign(x);
  if (z < 2.5) {
    let term = z;
    let sum = z;
    for (let n = 1; Math.abs(term) > 1e-18 * sum && n < 200; n++) {
      term *= -(z * z) / n;
      sum += term / (2 * n + 1);
    }
    return Math.sign(x) * (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let n = 80; n >= 1; n--) fraction = n / 2 / (z + fraction);
  return Math.sign(x) * (1 - Math.exp(-z * z) / Math.sqrt(Math.PI) / (z + fraction));
}

/** d erf(x) = 2/√π · exp(−x²). */
export function erfDerivative(x: Value): Value {
  return mul(2 / Math.sqrt(Math.PI), x.graph.op('Exp', [x.graph.op('Neg', [mul(x, x)])]));
}

/** x · Φ(x). */
export const gelu = (x: number): number => 0.5 * x * (1 + erf(x * sqrtHalf));

/** Φ(x) + x · φ(x), φ(x) = exp(−x²/2)/√2π. */
export function geluDerivative(x: Value): Value {
  const g = x.graph;
  const cdf = mul(0.5, add(1, g.op('Erf', [mul(x, sqrtHalf)])));
  const density = mul(1 / Math.sqrt(2 * Math.PI), g.op('Exp', [mul(-0.5, mul(x, x))]));
  return add(cdf, mul(x, density));
}

/** ½x · (1 + tanh u), u = √(2/π) · (x + 0.044715x³). */
export const tanhGelu = (x: number): number => 0.5 * x * (1 + Math.tanh(rootTwoOverPi * (x + cubic * x ** 3)));

/** ½(1 + t) + ½x · (1 − t²) · u′, t = tanh u, u′ = √(2/π) · (1 + 3 · 0.044715x²). */
export function tanhGeluDerivative(x: Value): Value {
  const square = mul(x, x);
  const t = x.graph.op('Tanh', [mul(rootTwoOverPi, mul(x, add(1, mul(cubic, square))))]);
  const slope = mul(rootTwoOverPi, add(1, mul(3 * cubic, square)));
  return add(mul(0.5, add(1, t)), mul(mul(0.5, x), mul(sub(1, mul(t, t)), slope)));
}
