import type { Graph, Node, Value } from '@parapet/onnx-graph/graph';
import { elementsOf } from './coordinates.ts';
import { bytesOf } from './formulas.ts';
import { type Kernel, mapKernel, normKernel, reductionKernels, scatterKernels, softmaxKernel } from './kernels.ts';
import { type Piece, placePieces } from './memory-plan.ts';
import { type Product, productOf } from './product.ts';
import { kindOf, neededNodes, storedValues } from './stored-values.ts';

/** Where an argument lies: memory that the caller names by its value, or a place in the plan's own. */
export type Place = Value | number;

export type PlannedStep =
  | { kind: 'kernel'; text: string; grid: number; threads: number; args: readonly Place[] }
  | { kind: 'product'; product: Product; a: Place; b: Place; c: Place };

/** A graph of fixed sizes as a sequence of kernels and matrix products. */
export interface Plan {
  steps: readonly PlannedStep[];
  /** Memory for what is computed on the way. */
  scratchBytes: number;
  /** Values that the caller must place: inputs, weights, larger constants, outputs. */
  external: ReadonlySet<Value>;
}

interface Lifetime extends Piece {
  value: Value | null;
}

type Draft = { kernel: Kernel; scratch: Lifetime | null } | { product: Product };

/** Turns a graph into steps. Throws, naming the op, where the device has no kernel for one. */
export function planGraph(g: Graph): Plan {
  const nodes = neededNodes(g);
  const stored = storedValues(g, nodes);
  const drafts: Draft[] = [];
  for (const node of nodes) draft(node, stored, drafts);
  const outputs = new Set(g.outputs);
  const isExternal = (value: Value) => value.producer === null || outputs.has(value);
  const lifetimes = new Map<Value, Lifetime>();
  const external = new Set<Value>();
  const pieces: Lifetime[] = [];
  drafts.forEach((one, step) => {
    for (const value of valuesOf(one)) {
      if (isExternal(value)) external.add(value);
      else {
        const bytes = elementsOf(value.shape) * bytesOf(value.dtype);
        const found = lifetimes.get(value) ?? { value, bytes, from: step, until: step };
        found.until = step;
        lifetimes.set(value, found);
      }
    }
    if ('kernel' in one && one.scratch !== null) {
      one.scratch.from = Math.min(one.scratch.from, step);
      one.scratch.until = Math.max(one.scratch.until, step);
      if (!pieces.includes(one.scratch)) pieces.push(one.scratch);
    }
  });
  pieces.push(...lifetimes.values());
  const { offsets, bytes } = placePieces(pieces);
  const place = (value: Value): Place => (isExternal(value) ? value : offsets.get(lifetimes.get(value)!)!);
  const steps = drafts.map((one): PlannedStep => {
    if ('product' in one) {
      const { product } = one;
      return { kind: 'product', product, a: place(product.a), b: place(product.b), c: place(product.c) };
    }
    const { text, reads, writes, grid, threads } = one.kernel;
    const args = [...reads.map(place), ...writes.map(place), ...(one.scratch ? [offsets.get(one.scratch)!] : [])];
    return { kind: 'kernel', text, grid, threads, args };
  });
  return { steps, scratchBytes: bytes, external };
}

function draft(node: Node, stored: ReadonlySet<Value>, drafts: Draft[]): void {
  if (kindOf(node) === 'product') {
    drafts.push({ product: productOf(node) });
    return;
  }
  const kernels = kernelsOf(node, stored);
  const floats = Math.max(0, ...kernels.map(({ scratch }) => scratch));
  const scratch = { value: null, bytes: floats * 4, from: Number.POSITIVE_INFINITY, until: 0 };
  for (const kernel of kernels) drafts.push({ kernel, scratch: kernel.scratch > 0 ? scratch : null });
}

function kernelsOf(node: Node, stored: ReadonlySet<Value>): Kernel[] {
  switch (kindOf(node)) {
    case 'softmax':
      return [softmaxKernel(node, stored)];
    case 'norm':
      return [normKernel(node, stored)];
    case 'reduction':
      return reductionKernels(node, stored);
    case 'scatter':
      return scatterKernels(node, stored);
    default:
      return node.outputs.filter((value) => stored.has(value)).map((value) => mapKernel(value, stored));
  }
}

function valuesOf(one: Draft): readonly Value[] {
  if ('product' in one) return [one.product.a, one.product.b, one.product.c];
  return [...one.kernel.reads, ...one.kernel.writes];
}
