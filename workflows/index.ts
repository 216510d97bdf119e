export { listeningWindow } from './listening-window.ts';
export { liveStream } from './live-stream.ts';
export { replayPlan } from './replay-plan.ts';
