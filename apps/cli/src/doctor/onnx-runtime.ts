import { Runtime } from '@parapet/runtime';
import type { Check } from './check.ts';

/** The library that serving and training on the CPU stand on, and what else it can drive. */
export function checkOnnxRuntime(): Check[] {
  try {
    const runtime = Runtime.open();
    const providers = runtime.availableProviders().map((name) => name.replace('ExecutionProvider', ''));
    return [{ name: 'ONNX Runtime', state: 'ok', detail: `${runtime.version}: ${providers.join(', ')}` }];
  } catch (error) {
    return [
      {
        ...{ name: 'ONNX Runtime', state: 'broken', detail: (error as Error).message },
        advice:
          'Remove node_modules and install again; on another platform than Linux, macOS or Windows it has no library.',
      },
    ];
  }
}
