import { idPrefixes, newId } from '@parapet/contracts/ids';

const digits = '0123456789abcdefghjkmnpqrstvwxyz';
const timeEnd = idPrefixes.jobEvent.length + 10;

/** The id after this one: its random part plus one, in base 32. */
function successor(id: string): string {
  const tail = [...id.slice(timeEnd)];
  for (let at = tail.length - 1; at >= 0; at--) {
    const value = digits.indexOf(tail[at] ?? '0') + 1;
    tail[at] = digits[value % 32] ?? '0';
    if (value < 32) break;
  }
  return id.slice(0, timeEnd) + tail.join('');
}

let last = '';

/** An event's id: sorts after every one made before it in this process, also within one millisecond. */
export function nextEventId(now: Date): string {
  const fresh = newId('jobEvent', now.getTime());
  last = last === '' || fresh.slice(0, timeEnd) > last.slice(0, timeEnd) ? fresh : successor(last);
  return last;
}
