// How a prompt's generator works: `writeGenerator` in layout.ts.
struct Generator {
  rank: u32,
  // Of W_up.
  columns: u32,
  wide: u32,
  activation: u32,
  pooler: u32,
  strength: f32,
}
