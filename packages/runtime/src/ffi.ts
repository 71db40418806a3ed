import koffi from 'koffi';

// Set before any library is loaded: ORT's kernels recurse deeper than koffi's default stacks (the CUDA provider
// crashes on 256 KB).
koffi.config({ sync_stack_size: 16 << 20, async_stack_size: 16 << 20, resident_async_pools: 2 });

export { koffi };
