/** Every number, size, time and sum of money the portal shows is written here, so that one thing reads the same everywhere. */

const locale = 'en';
const integer = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 });
const dateTime = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short', timeZone: 'UTC' });
const date = new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeZone: 'UTC' });
const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });

export const formatInteger = (value: number): string => integer.format(value);

/** 12,345 → 12.3K. */
export const formatCompact = (value: number): string => compact.format(value);

/** 0.973 → 97.3%. */
export const formatPercent = (ratio: number): string => percent.format(ratio);

/** Fixed decimals for columns of metrics, so that digits stand under each other. */
export const formatDecimal = (value: number, digits = 3): string => value.toFixed(digits);

/** Bytes in powers of 1,024: 1536 → 1.5 KiB. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : Number(value.toFixed(1))} ${units[unit]}`;
}

/** Milliseconds as people say them: 840 ms, 12.4 s, 3 min 20 s, 2 h 5 min. */
export function formatDuration(ms: number): string {
  if (ms < 1) return '0 ms';
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** Device time, kept as integer microseconds. */
export const formatMicros = (micros: number): string => formatDuration(micros / 1000);

/** Device time as GPU-seconds with what precision its size deserves. */
export function formatDeviceSeconds(micros: number): string {
  const seconds = micros / 1_000_000;
  if (seconds === 0) return '0 s';
  return `${seconds >= 100 ? integer.format(seconds) : seconds.toFixed(seconds >= 1 ? 1 : 3)} s`;
}

/**
 * Money kept as integer micros of the currency (1,000,000 = 1). Small sums keep the digits that make them
 * more than nought.
 */
export function formatMoney(micros: number, currency = 'USD'): string {
  const value = micros / 1_000_000;
  const digits = value !== 0 && Math.abs(value) < 1 ? 6 : 2;
  return new Intl.NumberFormat(locale, {
    style: 'currency',
    currency,
    minimumFractionDigits: 2,
    maximumFractionDigits: digits,
  }).format(value);
}

export const formatDateTime = (at: Date | number | string): string => `${dateTime.format(new Date(at))} UTC`;
export const formatDate = (at: Date | number | string): string => date.format(new Date(at));

/** "3 minutes ago", from seconds to months. */
export function formatRelative(at: Date | number | string, nowMs: number = Date.now()): string {
  const seconds = Math.round((new Date(at).getTime() - nowMs) / 1000);
  const steps: [number, Intl.RelativeTimeFormatUnit][] = [
    [60, 'second'],
    [3600, 'minute'],
    [86_400, 'hour'],
    [2_592_000, 'day'],
    [31_536_000, 'month'],
  ];
  let divisor = 1;
  for (const [limit, unit] of steps) {
    if (Math.abs(seconds) < limit) return relative.format(Math.trunc(seconds / divisor), unit);
    divisor = limit;
  }
  return relative.format(Math.trunc(seconds / divisor), 'year');
}

/** Long ids and digests in tables: the beginning and the end, which is what people compare. */
export function shorten(id: string, head = 10, tail = 4): string {
  return id.length <= head + tail + 1 ? id : `${id.slice(0, head)}…${id.slice(-tail)}`;
}
