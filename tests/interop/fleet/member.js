// A stock Yjs client that comes back by itself as a browser does, edits at random, and counts what was acknowledged.

import * as decoding from 'lib0/decoding'
import WebSocket from 'ws'
import * as Y from 'yjs'

import { Peer } from '../harness/peer.js'
import * as trip from '../harness/trip.js'

const [STORED, REFUSED] = [100, 101]
const SYNC = 0
const STEP_1 = 0

/** `y-websocket` waits up to so long between two tries, if it isn't told otherwise. */
const PATIENCE = 2500

export class Member extends Peer {
  /** A member of a trip who asks for acknowledgements if `acks` is set. */
  static async join (person, id, { acks, server = person.server }) {
    const member = new Member(person, id, await person.ticket(id), { acks, server })
    await member.synced()
    return member
  }

  constructor (person, id, token, { acks, server }) {
    const sent = []
    super(server, id, token, {
      params: acks ? { ack: '1' } : {},
      maxBackoffTime: PATIENCE,
      WebSocketPolyfill: counting(() => sent.push(this.clock))
    })
    Object.assign(this, { person, id, acks, sent, edits: 0, connections: 0, codes: [], refusals: [], acknowledged: 0 })
    // Stock clients pass over a state that was never set.
    this.awareness.setLocalStateField('sel', null)
    this.#hearAcknowledgements()
    this.provider.on('status', ({ status }) => {
      if (status !== 'connected') return
      this.connections++
      sent.length = 0
    })
    this.provider.on('connection-close', (event) => {
      if (event !== null) this.codes.push(event.code)
      this.#renewTicket()
    })
  }

  /** How many of its own operations the document has. */
  get clock () {
    return Y.getState(this.doc.store, this.doc.clientID)
  }

  #hearAcknowledgements () {
    this.provider.messageHandlers[STORED] = (_encoder, decoder) => {
      const count = decoding.readVarUint(decoder)
      this.stored = count
      // What was sent up to then holds all that this client had made by then.
      this.acknowledged = Math.max(this.acknowledged, ...this.sent.slice(0, count))
    }
    this.provider.messageHandlers[REFUSED] = (_encoder, decoder) => {
      const [nth, status] = [decoding.readVarUint(decoder), decoding.readVarUint(decoder)]
      this.sent[nth - 1] = 0
      this.refusals.push(`${status} ${decoding.readVarString(decoder)}`)
    }
  }

  /** The next connection has a ticket of its own, if one can be had; the one at hand is good for ten minutes. */
  async #renewTicket () {
    if (this.isGone) return
    this.renewing ??= this.person.ticket(this.id).catch(() => undefined)
    const token = await this.renewing
    this.renewing = undefined
    if (token !== undefined) this.provider.params.token = token
  }

  /** One edit of the sort that people make. */
  edit (random) {
    const cards = [...this.doc.getMap('cards').keys()].sort()
    const day = random.pick([null, ...trip.dayIds(this.doc)])
    this.edits++
    if (cards.length === 0 || random.chance(0.2)) return trip.addCard(this.doc, day, `by ${this.doc.clientID}`)
    const id = random.pick(cards)
    if (random.chance(0.25)) return trip.moveCard(this.doc, id, day)
    if (random.chance(0.1)) return trip.trashCard(this.doc, id)
    if (random.chance(0.05)) return this.doc.getMap('cards').delete(id)
    const text = random.chance(0.5) ? trip.titleOf(this.doc, id) : trip.noteOf(this.doc, id)
    const at = random.below(text.length + 1)
    if (at < text.length && random.chance(0.3)) return text.delete(at, 1)
    text.insert(at, random.pick(['x', '한', 'sea ', '🌊']))
  }

  /** Leaves a mark that others can look for. */
  mark (name) {
    this.edits++
    this.doc.getMap('marks').set(`${name} ${this.doc.clientID}`, true)
  }

  hasMarkOf (name, other) {
    return this.doc.getMap('marks').has(`${name} ${other.doc.clientID}`)
  }

  /** Its end without a word, as that of a machine whose power fails: nothing that it had comes again. */
  vanish () {
    this.provider.shouldConnect = false
    this.provider.ws?.terminate()
    this.leave()
  }

  leave () {
    this.isGone = true
    super.leave()
  }
}

/** A socket that tells when a step 2 or an update goes out: what `stored` counts. */
function counting (tell) {
  return class extends WebSocket {
    send (frame, ...rest) {
      const bytes = new Uint8Array(frame)
      if (bytes[0] === SYNC && bytes[1] !== STEP_1) tell()
      super.send(frame, ...rest)
    }
  }
}
