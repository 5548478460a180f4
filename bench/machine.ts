import { cpus } from 'node:os';

/** Returns a line that says where and when figures were taken. Without that, they cannot be compared with others. */
export function describeMachine(): string {
  const processors = cpus();
  const model = processors[0]?.model.trim() ?? 'unknown processor';
  const date = new Date().toISOString().slice(0, 10);
  return `${model}, ${processors.length} cores, Node.js ${process.versions.node}, ${date}`;
}
