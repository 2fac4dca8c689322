/** A day of the Gregorian calendar; month and day from 1. */
export interface CalendarDay {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** The caller's day is the server's: what `today` is in the process's time zone. */
export function dayOf(date: Date): CalendarDay {
  return { year: date.getFullYear(), month: date.getMonth() + 1, day: date.getDate() };
}

export function addDays({ year, month, day }: CalendarDay, days: number): CalendarDay {
  return fromUtc(new Date(Date.UTC(year, month - 1, day + days)));
}

/** 1 is Monday, 7 Sunday. */
export function weekdayOf({ year, month, day }: CalendarDay): number {
  return ((new Date(Date.UTC(year, month - 1, day)).getUTCDay() + 6) % 7) + 1;
}

/** 02-29 is a day (of some years), 02-30 is none. */
export function isDayOfMonth(month: number, day: number): boolean {
  const lengths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
  return Number.isInteger(day) && day >= 1 && day <= (lengths[month - 1] ?? 0);
}

export function monthAndDay(month: number, day: number): string {
  return `${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

/** The first day from `today` on that the Chinese calendar calls by this month and day; leap months are passed over. */
export function nextLunarDay(month: number, day: number, today: CalendarDay): CalendarDay | undefined {
  for (let ahead = 0; ahead < 400; ahead += 1) {
    const date = addDays(today, ahead);
    if (lunarName(date) === `${String(month)}/${String(day)}`) return date;
  }
  return undefined;
}

let lunar: Intl.DateTimeFormat | undefined;

function lunarName({ year, month, day }: CalendarDay): string {
  // Slow to make, and asked for by few callers. A leap month is written 6bis, and so matches nothing.
  lunar ??= new Intl.DateTimeFormat('en-u-ca-chinese', { month: 'numeric', day: 'numeric', timeZone: 'UTC' });
  return lunar.format(new Date(Date.UTC(year, month - 1, day)));
}

function fromUtc(date: Date): CalendarDay {
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}
