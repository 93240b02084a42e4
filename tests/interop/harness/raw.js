// A small client below the providers: it sends what a test tells it to and keeps every message that it hears.

import { once } from 'node:events'

import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import WebSocket from 'ws'
import * as Y from 'yjs'

import { until } from './wait.js'

export class Raw {
  /** Opens a socket to a trip; `query` is added to the address (`ack: 1`). */
  static async open (server, trip, query) {
    const raw = new Raw(`${server.ws}/${trip}?${new URLSearchParams(query)}`)
    await once(raw.socket, 'open')
    return raw
  }

  constructor (url) {
    this.heard = []
    this.closed = undefined
    this.socket = new WebSocket(url)
    this.socket.binaryType = 'arraybuffer'
    this.socket.on('message', (frame) => this.heard.push(...decode(new Uint8Array(frame))))
    this.socket.on('close', (code) => { this.closed = code })
    this.socket.on('error', () => { this.failed = true })
  }

  /** Sends these messages in one frame. */
  send (...messages) {
    this.socket.send(Buffer.concat(messages))
  }

  /** Sends bytes that may be anything. */
  sendBytes (hex) {
    this.socket.send(Buffer.from(hex, 'hex'))
  }

  /** The first message that fits, whenever it comes. */
  async hears (what, fits) {
    return until(what, () => this.heard.find(fits))
  }

  /** The number that the last `stored` said, 0 before the first. */
  get stored () {
    return this.heard.findLast((message) => message.kind === 'stored')?.count ?? 0
  }

  /** The first refusal, if there was one. */
  get refusal () {
    return this.heard.find((message) => message.kind === 'refused')
  }

  async closes () {
    return until('the server closes the connection', () => this.closed)
  }

  leave () {
    this.socket.terminate()
  }
}

function message (...numbers) {
  return (bytes) => {
    const encoder = encoding.createEncoder()
    numbers.forEach((number) => encoding.writeVarUint(encoder, number))
    encoding.writeVarUint8Array(encoder, bytes)
    return encoding.toUint8Array(encoder)
  }
}

export const step1 = message(0, 0)
export const step2 = message(0, 1)
export const update = message(0, 2)
export const awareness = message(1)
export const askAwareness = new Uint8Array([3])
export const probe = new Uint8Array([102])

/** An update by which a new client adds `text` to a root text: it builds on nothing. */
export function insertion (text, root = 'desc') {
  const doc = new Y.Doc()
  doc.getText(root).insert(0, text)
  return Y.encodeStateAsUpdate(doc)
}

function decode (frame) {
  const decoder = decoding.createDecoder(frame)
  const messages = []
  while (decoding.hasContent(decoder)) messages.push(decodeMessage(decoder))
  return messages
}

function decodeMessage (decoder) {
  const type = decoding.readVarUint(decoder)
  switch (type) {
    case 0: {
      const kind = ['step1', 'step2', 'update'][decoding.readVarUint(decoder)]
      return { kind, bytes: decoding.readVarUint8Array(decoder) }
    }
    case 1: return { kind: 'awareness', bytes: decoding.readVarUint8Array(decoder) }
    case 2: return decodeAuth(decoder)
    case 3: return { kind: 'askAwareness' }
    case 100: return { kind: 'stored', count: decoding.readVarUint(decoder) }
    case 101: {
      const [count, status] = [decoding.readVarUint(decoder), decoding.readVarUint(decoder)]
      return { kind: 'refused', count, status, reason: decoding.readVarString(decoder) }
    }
    case 102: return { kind: 'probe' }
    case 103: return { kind: 'passedOver', status: decoding.readVarUint(decoder), reason: decoding.readVarString(decoder) }
    default: throw new Error(`the server sent a message of type ${type}`)
  }
}

function decodeAuth (decoder) {
  const subtype = decoding.readVarUint(decoder)
  switch (subtype) {
    case 0: return { kind: 'denied', reason: decoding.readVarString(decoder) }
    case 1: return { kind: 'tokenWanted', reason: decoding.readVarString(decoder) }
    case 3: return { kind: 'accepted', seconds: decoding.readVarUint(decoder) }
    case 4: return { kind: 'access', role: decoding.readVarString(decoder) }
    default: throw new Error(`the server sent an auth message of type ${subtype}`)
  }
}
