import { Channel } from '../core/channel.js';

/** A WebSocket came without the token of a call, and was refused. */
export const strangerRefused = new Channel<{ readonly from: string }>('audio-stream:stranger');
