/** How far a follower of a job has come; its text is the id of the tracked event that brought it there. */
export interface LiveCursor {
  step: number;
  eventId: string;
  sampleStep: number;
}

export const formatCursor = ({ step, eventId, sampleStep }: LiveCursor): string => `${step}:${sampleStep}:${eventId}`;

/** Reads a cursor back; anything else is the beginning, so that a follower then sees all again rather than too little. */
export function parseCursor(text: string | null | undefined): LiveCursor {
  const found = /^(-?\d{1,9}):(-?\d{1,9}):([\w-]*)$/.exec(text ?? '');
  if (!found) return { step: -1, eventId: '', sampleStep: -1 };
  return { step: Number(found[1]), sampleStep: Number(found[2]), eventId: found[3] ?? '' };
}
