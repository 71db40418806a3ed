import type { BaseModel } from '@parapet/models/open';
import type { WeightName } from '@parapet/models/spec';
import type { InitializerSpec } from '@parapet/onnx-graph/graph';

/** A small model's weights as training graphs want them, in memory: for the reference evaluator. */
export function memoryWeights({ weights }: Pick<BaseModel, 'weights'>): (name: WeightName) => InitializerSpec {
  return (name) => {
    const weight = weights.get(name);
    const linear = weight.shape.length === 2 && name.startsWith('layers.');
    return {
      dtype: 'float32',
      shape: linear ? weight.shape.toReversed() : weight.shape,
      data: linear ? weight.readTransposed() : weight.readFloat32(),
    };
  };
}
