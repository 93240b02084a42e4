// Who edits a history: Yjs's own test network of five clients, and one of clients of two versions with long offline branches.

import { Buffer } from 'node:buffer'

import * as prng from 'lib0/prng'
import * as Yjs from 'yjs'
import { TestConnector } from 'yjs/testHelper'
import * as Yjs135 from 'yjs-13-5'

import { act, undoManager } from './acts.js'

const base64 = (bytes) => Buffer.from(bytes).toString('base64')

/** The network of Yjs's own tests, which drops, delays and reorders what five clients tell each other. */
export function ofYjs (seed, sorts, edits) {
  const gen = prng.create(seed)
  const connector = new TestConnector(gen)
  const log = []
  const users = Array.from({ length: 5 }, (_, id) => {
    const doc = connector.createY(id)
    doc.clientID = id
    doc.on('update', (update, origin) => { if (origin !== connector) log.push(base64(update)) })
    return { doc, undo: undoManager(Yjs, doc) }
  })
  connector.syncAll()
  for (let n = 0; n < edits; n++) {
    const dice = prng.int32(gen, 0, 99)
    if (dice < 2) connector.disconnectRandom()
    else if (dice < 4) connector.reconnectRandom()
    else if (dice < 5) connector.flushAllMessages()
    else if (dice < 60) connector.flushRandomMessage()
    const { doc, undo } = prng.oneOf(gen, users)
    act(Yjs, gen, doc, undo, sorts)
  }
  connector.syncAll()
  return { log, docs: users.map(({ doc }) => doc) }
}

/** A client that talks to the server's document as providers do. */
class Client {
  constructor (Y, id, server) {
    this.Y = Y
    this.server = server
    this.online = true
    this.pending = []
    this.join(id)
  }

  /** Begins, or comes back in a new tab: the document is fetched, with what was deleted gone. */
  join (id) {
    const { Y } = this
    this.doc = new Y.Doc()
    this.doc.clientID = id
    Y.applyUpdate(this.doc, Y.encodeStateAsUpdate(this.server.doc), 'remote')
    this.undo = undoManager(Y, this.doc)
    this.doc.on('update', (update, origin) => {
      if (origin === 'remote') return
      if (this.online) this.server.hear(update)
      else this.pending.push(update)
    })
  }

  fetch () {
    const { Y } = this
    const known = Y.encodeStateVector(this.doc)
    Y.applyUpdate(this.doc, Y.encodeStateAsUpdate(this.server.doc, known), 'remote')
  }

  /** Sends what was made offline in one of the ways in which clients do. */
  comeBack (gen) {
    const { Y, pending } = this
    const known = Y.encodeStateVector(this.server.doc)
    const all = pending.length > 0 ? Y.mergeUpdates(pending) : Y.encodeStateAsUpdate(this.doc, known)
    const ways = [
      () => pending.forEach((update) => this.server.hear(update)),
      () => this.server.hear(all),
      () => this.server.hear(Y.diffUpdate(Y.encodeStateAsUpdate(this.doc), known)),
      () => this.server.hear(Y.encodeStateAsUpdate(this.doc, known)),
      () => this.server.hear(Y.encodeStateAsUpdate(this.doc)),
      // Twice, and with what is known already.
      () => [all, Y.mergeUpdates([all, Y.encodeStateAsUpdate(this.server.doc)])].forEach((one) => this.server.hear(one))
    ]
    ways[prng.int32(gen, 0, ways.length - 1)]()
    this.pending = []
    this.online = true
    this.fetch()
  }
}

/** Clients of both versions in one document; the server's own is one of Yjs, to know what it should hold. */
export function ofBothVersions (seed, sorts, edits) {
  const gen = prng.create(seed)
  const server = { log: [], doc: new Yjs.Doc() }
  server.hear = (update) => {
    server.log.push(base64(update))
    Yjs.applyUpdate(server.doc, update, 'heard')
  }
  // Yjs removes superfluous formats by itself, and clients fetch that: the log has it too.
  server.doc.on('update', (update, origin) => { if (origin !== 'heard') server.log.push(base64(update)) })
  undoManager(Yjs, server.doc)
  const id = () => prng.uint32(gen, 1, 2 ** 32 - 1)
  const clients = [Yjs135, Yjs, Yjs135, Yjs].map((Y) => new Client(Y, id(), server))
  for (let n = 0; n < edits; n++) {
    const client = clients[prng.int32(gen, 0, clients.length - 1)]
    const dice = prng.int32(gen, 0, 99)
    if (dice < 4) client.online = false
    else if (dice < 8 && !client.online) client.comeBack(gen)
    else if (dice < 30 && client.online) client.fetch()
    else if (dice < 32 && client.online) client.join(id())
    else if (dice < 33) server.log.push('fold')
    else act(client.Y, gen, client.doc, client.undo, sorts)
  }
  clients.filter((client) => !client.online).forEach((client) => client.comeBack(gen))
  clients.forEach((client) => client.fetch())
  return { log: server.log, docs: [server.doc, ...clients.map((client) => client.doc)] }
}
