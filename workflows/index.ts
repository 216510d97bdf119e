export { listeningWindow } from './listening-window.ts';
