const LAG_INTERVAL_MS = 10;

/** How late a timer of this process fires that is aimed at a fixed grid (ms); sorted when stopped. */
export function measureLag(): { stop(): number[] } {
  const lags: number[] = [];
  let dueMs = performance.now() + LAG_INTERVAL_MS;
  let timer: NodeJS.Timeout;
  const aim = () => {
    timer = setTimeout(
      () => {
        const nowMs = performance.now();
        // setTimeout may fire up to a millisecond early.
        lags.push(Math.max(0, nowMs - dueMs));
        dueMs = Math.max(dueMs + LAG_INTERVAL_MS, nowMs);
        aim();
      },
      Math.max(0, dueMs - performance.now()),
    );
  };
  aim();
  return {
    stop() {
      clearTimeout(timer);
      return lags.sort((a, b) => a - b);
    },
  };
}
