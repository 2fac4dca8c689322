import { defineErrors } from '../core/errors.js';

const forGood = { retryable: false, sipStatus: 500 } as const;

/** Errors of teaching. What a caller said stands in none of them. */
export const qualityError = defineErrors({
  QUALITY_NO_SUCH_CALL: {
    message: 'no call {call} is kept: `xiangyin calls list` shows those that are',
    ...forGood,
    httpStatus: 404,
  },
  QUALITY_NO_SUCH_TURN: {
    message:
      'call {call} has no turn {turn}: it has 1 to {turns}; `xiangyin calls show {call}` shows them in order',
    ...forGood,
    httpStatus: 404,
  },
  QUALITY_TURN_UNDERSTOOD: {
    message:
      'turn {turn} was understood as {means} already: only what was not, or was taken for something else, is taught; turns of this call to teach: {others}',
    ...forGood,
    httpStatus: 409,
  },
  QUALITY_TURN_KEYED: {
    message:
      'turn {turn} was answered by keys, which mean what the dialplan says: nothing of it is taught; turns of this call to teach: {others}',
    ...forGood,
    httpStatus: 409,
  },
  QUALITY_TURN_SILENT: {
    message: 'nothing was said in turn {turn}; turns of this call to teach: {others}',
    ...forGood,
    httpStatus: 409,
  },
  QUALITY_TURN_SENSITIVE: {
    message: 'turn {turn} answered a question that is kept secret: nothing of it may be taught',
    ...forGood,
    httpStatus: 403,
  },
  QUALITY_JOURNAL_GONE: {
    message:
      'the journal of call {call} cannot be read ({reason}): without it nobody knows what was said when',
    ...forGood,
    httpStatus: 410,
  },
  QUALITY_RECORDING_GONE: {
    message:
      'the recording of call {call} cannot be read ({reason}): a sound is cut from it; was calls.recording off?',
    ...forGood,
    httpStatus: 410,
  },
  QUALITY_NODE_GONE: {
    message: 'the dialplan {dialplan} has no question {node} any more: nothing there can be meant',
    ...forGood,
    httpStatus: 409,
  },
  QUALITY_MEANING_UNKNOWN: {
    message: "'{means}' means nothing at {node}. Choices there: {choices}. Intents: {intents}",
    ...forGood,
    httpStatus: 422,
  },
  QUALITY_DIALECT_UNKNOWN: {
    message: 'there is no dialect {dialect}: `xiangyin dialect list` shows them',
    ...forGood,
    httpStatus: 422,
  },
  QUALITY_NO_PHRASE: {
    message:
      "a sound stands for a phrase, and '{means}' has none at {node}: give that choice one in the dialplan {dialplan}",
    ...forGood,
    httpStatus: 422,
  },
  QUALITY_ALREADY_TAUGHT: {
    message: 'this is taught already ({id}): `xiangyin dialect unteach {id}` takes it back',
    ...forGood,
    httpStatus: 409,
  },
  QUALITY_NO_ENGINE: {
    message: 'sounds are taught to the phrasebook, and it does not run: {reason}',
    ...forGood,
    httpStatus: 503,
  },
  QUALITY_CHECK_FAILED: {
    message: 'it could not be checked ({reason}), so nothing was taught',
    retryable: true,
    sipStatus: 500,
    httpStatus: 503,
  },
  /** What stands after the colon are sentences of the regression set and of dialplans, no caller's. */
  QUALITY_REFUSED: { message: 'refused: {reason}', ...forGood, httpStatus: 409 },
  QUALITY_NOT_TAUGHT: {
    message: 'nothing is taught under {id}: `xiangyin dialect taught` lists what is',
    ...forGood,
    httpStatus: 404,
  },
});
