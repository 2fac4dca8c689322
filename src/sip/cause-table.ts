/** Outcomes of calls out that the other side decides (`DialOutcome`). */
type Failure = 'busy' | 'refused' | 'noAnswer' | 'failed';

/**
 * Every final status but 2xx that IANA's registry has, with the Q.850 cause of RFC 3398 §8.2.6.1 (those that are newer or that
 * it leaves open: by their meaning), and what it means for whoever placed the call.
 */
export const statusTable: readonly (readonly [status: number, q850Cause: number, outcome: Failure])[] = [
  [300, 23, 'failed'],
  [301, 22, 'failed'],
  [302, 23, 'failed'],
  [305, 23, 'failed'],
  [380, 23, 'failed'],
  [400, 41, 'failed'],
  [401, 21, 'failed'],
  [402, 21, 'failed'],
  [403, 21, 'refused'],
  [404, 1, 'failed'],
  [405, 63, 'failed'],
  [406, 79, 'failed'],
  [407, 21, 'failed'],
  [408, 102, 'noAnswer'],
  [410, 22, 'failed'],
  [412, 127, 'failed'],
  [413, 127, 'failed'],
  [414, 127, 'failed'],
  [415, 79, 'failed'],
  [416, 127, 'failed'],
  [417, 127, 'failed'],
  [420, 127, 'failed'],
  [421, 127, 'failed'],
  [422, 127, 'failed'],
  [423, 127, 'failed'],
  [424, 127, 'failed'],
  [425, 127, 'failed'],
  [428, 21, 'failed'],
  [429, 21, 'failed'],
  [430, 41, 'failed'],
  [433, 21, 'refused'],
  [436, 21, 'failed'],
  [437, 21, 'failed'],
  [438, 21, 'failed'],
  [439, 63, 'failed'],
  [440, 25, 'failed'],
  [469, 127, 'failed'],
  [470, 21, 'refused'],
  [480, 18, 'noAnswer'],
  [481, 41, 'failed'],
  [482, 25, 'failed'],
  [483, 25, 'failed'],
  [484, 28, 'failed'],
  [485, 1, 'failed'],
  [486, 17, 'busy'],
  [487, 16, 'failed'],
  [488, 65, 'failed'],
  [489, 127, 'failed'],
  [491, 41, 'failed'],
  [493, 127, 'failed'],
  [494, 21, 'failed'],
  [500, 41, 'failed'],
  [501, 79, 'failed'],
  [502, 38, 'failed'],
  [503, 41, 'failed'],
  [504, 102, 'failed'],
  [505, 127, 'failed'],
  [513, 127, 'failed'],
  [555, 79, 'failed'],
  [580, 47, 'failed'],
  [600, 17, 'busy'],
  [603, 21, 'refused'],
  [604, 1, 'failed'],
  [606, 65, 'failed'],
  [607, 21, 'refused'],
  [608, 21, 'refused'],
];

/**
 * Every cause of ITU-T Q.850 (2018) §2.2.7 that clears a call, and what it means for whoever placed it; null for those that say
 * no more than that it is over, where the status decides.
 */
export const q850Table: readonly (readonly [cause: number, outcome: Failure | null])[] = [
  [1, 'failed'], // unallocated number
  [2, 'failed'], // no route to the transit network
  [3, 'failed'], // no route to the destination
  [4, 'failed'], // special information tone
  [5, 'failed'], // misdialled trunk prefix
  [6, 'failed'], // channel unacceptable
  [7, 'failed'], // call awarded in an established channel
  [8, 'failed'], // preemption
  [9, 'failed'], // preemption, circuit reserved
  [14, 'failed'], // ported number
  [16, null], // normal clearing
  [17, 'busy'], // user busy
  [18, 'noAnswer'], // no user responding
  [19, 'noAnswer'], // no answer, user alerted
  [20, 'noAnswer'], // subscriber absent
  [21, 'refused'], // call rejected
  [22, 'failed'], // number changed
  [23, 'failed'], // redirection to a new destination
  [24, 'refused'], // rejected by a feature at the destination
  [25, 'failed'], // exchange routing error
  [26, null], // non-selected user clearing
  [27, 'failed'], // destination out of order
  [28, 'failed'], // invalid number format
  [29, 'failed'], // facility rejected
  [30, null], // response to STATUS ENQUIRY
  [31, null], // normal, unspecified
  [34, 'failed'], // no circuit available
  [38, 'failed'], // network out of order
  [39, 'failed'], // permanent frame mode connection out of service
  [40, 'failed'], // permanent frame mode connection operational
  [41, 'failed'], // temporary failure
  [42, 'failed'], // switching equipment congestion
  [43, 'failed'], // access information discarded
  [44, 'failed'], // requested circuit not available
  [46, 'failed'], // precedence call blocked
  [47, 'failed'], // resource unavailable
  [49, 'failed'], // quality of service not available
  [50, 'failed'], // facility not subscribed
  [53, 'refused'], // outgoing calls barred within the closed user group
  [55, 'refused'], // incoming calls barred within the closed user group
  [57, 'refused'], // bearer capability not authorised
  [58, 'failed'], // bearer capability not available
  [62, 'failed'], // inconsistency of outgoing access and subscriber class
  [63, 'failed'], // service not available
  [65, 'failed'], // bearer capability not implemented
  [66, 'failed'], // channel type not implemented
  [69, 'failed'], // facility not implemented
  [70, 'failed'], // only restricted digital information
  [79, 'failed'], // service not implemented
  [81, 'failed'], // invalid call reference
  [82, 'failed'], // channel does not exist
  [83, 'failed'], // suspended call exists, this identity does not
  [84, 'failed'], // call identity in use
  [85, 'failed'], // no call suspended
  [86, 'failed'], // call with this identity is cleared
  [87, 'refused'], // user not a member of the closed user group
  [88, 'failed'], // incompatible destination
  [90, 'refused'], // non-existent closed user group
  [91, 'failed'], // invalid transit network
  [95, 'failed'], // invalid message
  [96, 'failed'], // mandatory element missing
  [97, 'failed'], // message type does not exist
  [98, 'failed'], // message does not fit the state
  [99, 'failed'], // element does not exist
  [100, 'failed'], // invalid element contents
  [101, 'failed'], // message does not fit the state
  [102, 'failed'], // recovery on timer expiry
  [103, 'failed'], // parameter does not exist, passed on
  [110, 'failed'], // message with unrecognised parameter
  [111, 'failed'], // protocol error
  [127, 'failed'], // interworking
];
