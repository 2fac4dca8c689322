import { t } from 'tap';
import { readDialectPacks } from '../../src/dialect-data.js';
import { isBackchannel, turnCue } from '../../src/dialect/turn-cue.js';

const { packs } = await readDialectPacks();

t.test('particles end a turn, joining words hold it', async (t) => {
  for (const [dialect, heard, cue] of [
    ['cmn', '电费多少钱', 'final'],
    ['cmn', '我要交电费，谢谢。', 'final'],
    ['cmn', '我要交电费然后', 'holding'],
    ['cmn', '我的号码是', 'holding'],
    ['cmn', '电表', undefined],
    ['cmn', '', undefined],
    ['cmn-sichuan', '啷个办嘛', 'final'],
    ['cmn-sichuan', '快点噻', 'final'],
    ['yue', '几时有電呀', 'final'],
    ['yue', '我屋企停电同埋', 'holding'],
    ['yue', '嗰个', 'holding'],
    ['wuu', '停电了是伐', 'final'],
    ['wuu', '搿个', 'holding'],
    ['cmn-dongbei', '给我查查呗', 'final'],
    ['cmn-henan', '明个去中不中', 'final'],
    ['cmn-hunan', '停电哒', 'final'],
  ] as const) {
    t.equal(turnCue(heard, dialect, packs), cue, `${dialect}: ${heard}`);
  }
});

t.test('a dialect that nobody knows has no cues', async (t) => {
  t.equal(turnCue('多少钱', 'tlh', packs), undefined);
});

t.test('a sign of listening is told from what somebody wants, in each dialect', async (t) => {
  for (const [dialect, heard] of [
    ['cmn', '嗯'],
    ['cmn', '嗯嗯嗯'],
    ['cmn', '好的。'],
    ['cmn', '哦，知道了'],
    ['cmn-sichuan', '嗯'],
    ['yue', '系，系'],
    ['yue', '好呀'],
    ['wuu', '好额'],
    ['nan', '是啊'],
    ['en-gb', 'uh-huh'],
    ['en-us', 'Okay, yeah.'],
    ['en-gb', 'um'],
    ['de-at', 'Mhm, ja'],
    ['es-mx', 'ajá'],
  ] as const) {
    t.equal(isBackchannel(heard, dialect, packs), true, `${dialect}: ${heard}`);
  }
  for (const [dialect, heard] of [
    ['cmn', '好我要交电费'],
    ['cmn', '转人工'],
    ['en-gb', 'yes please, my bill'],
    ['en-gb', ''],
    ['en-gb', 'no'],
    ['ja', 'uh-huh'],
  ] as const) {
    t.equal(isBackchannel(heard, dialect, packs), false, `${dialect}: ${heard}`);
  }
});
