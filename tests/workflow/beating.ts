/** Activities of a window that are shorter than the time after which a beat would be missed: small writes and reads. */
export const WITHOUT_BEATS = ['recordReport', 'recordReplay', 'recallSteps', 'keepStep'];

/** All others that a window which goes well comes to, in that order. */
export const WITH_BEATS = [
  ...['generateShard', 'finishGeneration', 'publishShard', 'ingestWindow', 'forwardDeadLetters'],
  ...['reconcileWindow', 'compactWindow', 'loadWindow', 'buildWindow', 'publishServing'],
];
