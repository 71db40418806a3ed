import { koffi } from '../ffi.ts';

/** A shared library that exports `RegisterCustomOps`: operators that sessions may be given. */
export class OperatorLibrary {
  /** Kept alive on purpose: a collected handle would unload the code that sessions run. */
  private readonly handle: ReturnType<typeof koffi.load>;

  /** Throws what the system's loader says. */
  constructor(readonly path: string) {
    this.handle = koffi.load(path);
  }

  /** Calls an exported function of no arguments that returns an int. */
  callInt(name: string): number {
    return this.handle.func(`int ${name}()`)() as number;
  }
}
