// A stock Yjs client, `y-websocket`'s own provider, that takes part in a document.

import assert from 'node:assert/strict'

import * as auth from 'y-protocols/auth'
import { WebsocketProvider } from 'y-websocket'
import WebSocket from 'ws'
import * as Y from 'yjs'

import { until } from './wait.js'

const AUTH = 2

export class Peer {
  /** Connects a person to a trip, and returns once the first sync is through. */
  static async join (person, trip, within) {
    const peer = new Peer(person.server, trip, await person.ticket(trip))
    await peer.synced(within)
    return peer
  }

  /** `params` are added to the address; the other options are the provider's own. */
  constructor (server, trip, token, { params, ...options } = {}) {
    this.doc = new Y.Doc()
    this.denials = []
    this.closed = undefined
    this.provider = new WebsocketProvider(server.ws, trip, this.doc, {
      params: { token, ...params },
      WebSocketPolyfill: WebSocket,
      maxBackoffTime: 500,
      disableBc: true, // The peers share a process: what one hears from another must come over the wire.
      ...options
    })
    this.provider.on('closed', ({ code }) => { this.closed = code })
    this.provider.messageHandlers[AUTH] = (_encoder, decoder) =>
      auth.readAuthMessage(decoder, this.doc, (_doc, reason) => this.denials.push(reason))
  }

  get awareness () {
    return this.provider.awareness
  }

  get isConnected () {
    return this.provider.wsconnected
  }

  async synced (within) {
    await until('the first sync', () => this.provider.synced, within)
  }

  goOffline () {
    this.provider.disconnect()
  }

  goOnline () {
    this.provider.connect()
  }

  leave () {
    this.provider.destroy()
    this.doc.destroy()
  }

  /** The states of everybody else, as this peer sees them. */
  others () {
    const states = new Map(this.awareness.getStates())
    states.delete(this.doc.clientID)
    return states
  }
}

/** Whether all have the same edits and the same deletions. */
export function agree (peers) {
  // What was deleted takes a look at all that there ever was: only if all have the same edits.
  const [vector, ...vectors] = peers.map((peer) => Buffer.from(Y.encodeStateVector(peer.doc)))
  if (!vectors.every((other) => vector.equals(other))) return false
  const [first, ...rest] = peers.map((peer) => Y.snapshot(peer.doc))
  return rest.every((snapshot) => Y.equalSnapshots(first, snapshot))
}

/** Nothing that this peer sent was refused, not even for a while. */
export function assertWelcome (peer) {
  assert.deepEqual(peer.denials, [], 'an edit was refused')
  assert.ok(!(peer.closed >= 4400 && peer.closed < 4500), `the server closed with ${peer.closed}`)
}

/**
 * Waits until all agree. Each holds its own edits from the start, so nothing can be missing then; and none of
 * them may have been refused and sent again.
 */
export async function converged (peers, within) {
  await until(`${peers.length} peers agree`, () => agree(peers), within)
  peers.forEach(assertWelcome)
}
