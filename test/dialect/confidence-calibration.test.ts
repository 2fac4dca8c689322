import { t } from 'tap';
import { calibrated } from '../../src/dialect/confidence-calibration.js';

const near = (a: number, b: number): boolean => Math.abs(a - b) < 0.005;

t.test('an engine that nobody has measured is believed less than it believes itself', async (t) => {
  for (const [confidence, probability] of [
    [0.5, 0.5],
    [0.9, 0.85],
    [0.99, 0.975],
    [0.1, 0.15],
  ] as const) {
    t.ok(near(calibrated(confidence, 'house', 'yue'), probability), String(confidence));
  }
});

t.test('one that is published to err in a dialect is believed less in it', async (t) => {
  const paraformer = calibrated(0.95, 'paraformer', 'yue');
  t.ok(paraformer < 0.2, 'of its Cantonese 89 characters in 100 are wrong');
  t.ok(calibrated(0.95, 'paraformer', 'cmn') > 0.9);
  t.ok(calibrated(0.95, 'fun-asr-nano', 'cmn-sichuan') < calibrated(0.95, 'fun-asr-nano', 'yue'));
  t.equal(calibrated(0.95, 'dashscope', 'cmn'), calibrated(0.95, 'house', 'cmn'), 'no one gains by it');
});

t.test('the phrasebook’s confidence is a probability already', async (t) => {
  for (const dialect of ['cmn', 'yue', 'en-gb']) t.ok(near(calibrated(0.7, 'phrasebook', dialect), 0.7));
});

t.test('a site’s own figures go before, those of the dialect first', async (t) => {
  const own = [
    { engine: 'house', slope: 1, offset: 0 },
    { engine: 'house', dialect: 'yue', slope: 1, offset: -2 },
    { engine: 'phrasebook', slope: 0.5, offset: 0 },
  ];
  t.ok(near(calibrated(0.9, 'house', 'cmn', own), 0.9));
  t.ok(near(calibrated(0.9, 'house', 'yue', own), 0.549));
  t.ok(near(calibrated(0.9, 'phrasebook', 'yue', own), 0.75));
  t.ok(near(calibrated(0.9, 'other', 'yue', own), 0.85));
});

t.test('confidences of 0 and 1, and worse ones, prove nothing', async (t) => {
  for (const wild of [0, 1, -3, 7, Infinity, -Infinity]) {
    const probability = calibrated(wild, 'house', 'yue');
    t.ok(probability > 0.01 && probability < 0.99, String(wild));
  }
  t.equal(calibrated(Number.NaN, 'house', 'yue'), 0.5);
});
