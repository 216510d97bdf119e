export { listeningWindow } from './listening-window.ts';
export { replayPlan } from './replay-plan.ts';
