import { parentPort } from 'node:worker_threads';
import { DiskFiles } from './disk-files.js';
import type { DiskOrder } from './disk-order.js';

if (parentPort === null) throw new Error('disk-worker runs as a worker thread');
const port = parentPort;
const files = new DiskFiles();

/** A batch is answered by as many outcomes; null is the end. */
port.on('message', (orders: readonly DiskOrder[] | null) => {
  if (orders !== null) {
    port.postMessage(orders.map((order) => files.carryOut(order)));
    return;
  }
  files.close();
  port.close();
});
