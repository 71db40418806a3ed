/** Something only the person at the machine can put right; the message is all they need, no stack. */
export class StartProblem extends Error {
  override readonly name = 'StartProblem';
}
