// What a dispatch is told beside its buffers: `shape` in layout.ts.
struct Shape {
  rows: u32,
  // The first row of the left matrix that the head multiplies.
  first: u32,
  // 0: nothing is scaled; 1: q, v and up; 2: all linears.
  scaled: u32,
  // Where the scales of row 0 begin, and how far those of the next row are.
  scaleBase: u32,
  scaleStride: u32,
  // The same for the page tables.
  tableBase: u32,
  tableStride: u32,
  // Parts that the sums of each product lie in, along K.
  splitQkv: u32,
  splitO: u32,
  splitGateUp: u32,
  splitDown: u32,
}

// What a step is told of a row: `writeRow` in layout.ts.
struct Row {
  token: u32,
  tokens: u32, // with this one
  newPage: i32, // the page that this token begins, or -1
  temperature: f32,
  topK: u32,
  topP: f32,
  minP: f32,
  chance: f32, // in [0, 1): what decides a draw
}

const GROUP = HEADS / KV_HEADS;
const Q_WIDTH = HEADS * HEAD_DIM;
const KV_WIDTH = KV_HEADS * HEAD_DIM;
const QKV_WIDTH = Q_WIDTH + 2u * KV_WIDTH;
const PAIRS = HEAD_DIM / 2u;
const HEAD_UNITS = HEAD_DIM / 8u;

// The cache of a layer is [pages, 2, KV_HEADS] blocks of PAGE_TOKENS x HEAD_UNITS units. In a block of keys a unit index is
// (part, token), so that threads of neighbouring tokens read neighbouring units; in one of values (token, part).
const BLOCK_UNITS = PAGE_TOKENS * HEAD_UNITS;

fn cacheBlock(page: u32, isValue: u32, head: u32) -> u32 {
  return ((page * 2u + isValue) * KV_HEADS + head) * BLOCK_UNITS;
}

const LOWEST = -3.0e38;
