/**
 * The learned activation (a₀ + a₁x + a₂x² + a₃x³) / (1 + |b₁x + b₂x²|), one set of six numbers a layer
 * (Molina et al., "Padé Activation Units", 2019, in its safe form: the denominator is never below one).
 * It starts as the least-squares fit of GELU on [−4, 4] (largest error 0.06).
 */
export const rationalGelu: readonly number[] = [0.02456927, 0.5, 0.33661456, 0.0558389, 0, 0.1116778];

/** The activation in float64. */
export function rational(x: number, coefficients: ArrayLike<number>): number {
  const c = (i: number) => coefficients[i]!;
  return (c(0) + x * (c(1) + x * (c(2) + x * c(3)))) / (1 + Math.abs(x * (c(4) + x * c(5))));
}
