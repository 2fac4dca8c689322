/** espeak-ng's voice variants that train the acoustic models, and drawn ones. */

/** Never used in training or calibration: the bench speaks Mandarin and Cantonese with them. */
export const heldOutVariants = ['Hugo', 'f4', 'm5', 'steph2'];

/** Variants that sound like a throat, not like a machine, a whisper or a choir. */
export const variants =
  `Alex Alicia Andrea Andy Annie AnxiousAndy Denis Diogo Gene Gene2 Henrique Jacky Lee Marco Mario
Michael Mike Nguyen Reed RicishayMax RicishayMax2 RicishayMax3 Storm Tweaky adam anika announcer antonio aunty belinda
benjamin boris caleb david ed edward edward2 f1 f2 f3 f5 fast grandma grandpa gustave ian iven iven2 iven3 iven4 john
kaukovalta klatt klatt2 klatt3 klatt4 klatt5 klatt6 linda m1 m2 m3 m4 m6 m7 m8 marcelo max michel miguel mike2 norbert
pablo paul pedro quincy rob robert sandro shelby steph steph3 travis victor zac`.split(/\s+/);

/**
 * A throat that nobody has yet, as an espeak-ng variant file: each formant's place, strength and width, breath, the
 * weight of voiced and unvoiced consonants. https://github.com/espeak-ng/espeak-ng/blob/master/docs/voices.md
 */
export function inventedThroat(random: () => number): string {
  const around = (spread: number): number => Math.exp((random() + random() - 1) * spread);
  const percent = (factor: number): number => Math.round(100 * factor);
  const size = around(0.14);
  const pitchHz = Math.round(80 * Math.exp(random() * 1.1));
  const lines = ['language variant', 'name drawn', `pitch ${pitchHz} ${Math.round(pitchHz * 1.5)}`];
  for (let formant = 0; formant <= 6; formant++) {
    const place = percent(size * around(0.09));
    lines.push(`formant ${formant} ${place} ${percent(around(0.7))} ${percent(around(0.7) * 1.1)}`);
  }
  lines.push(`consonants ${percent(around(0.8))} ${percent(around(0.8))}`);
  lines.push(`voicing ${percent(around(0.5))}`);
  if (random() < 0.5) lines.push(`flutter ${Math.round(random() * 10)}`);
  if (random() < 0.3) lines.push(`roughness ${Math.round(random() * 4)}`);
  if (random() < 0.35) {
    const breath = Array.from({ length: 8 }, () => Math.round(random() * 30)).join(' ');
    lines.push(`breath ${breath}`, 'breathw 150 150 200 200 400 400 600 600');
  }
  if (random() < 0.2) lines.push(`klatt ${1 + Math.floor(random() * 5)}`);
  return `${lines.join('\n')}\n`;
}
