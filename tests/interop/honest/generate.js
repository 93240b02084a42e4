// Writes sessions of honest people to a file: `node honest/generate.js FILE EDITS [AUTHORS] [SEED] [KIND]`, one of each kind, or of one.

import { open } from 'node:fs/promises'

import * as Y from 'yjs'

import { KINDS } from './kinds.js'
import { Random } from '../harness/random.js'

/** So often in a session the server drops what was deleted, and opens the document again. */
const RESTARTS = 5
/** An author is offline for so many edits now and then. */
const OFFLINE = 100

/** People with a replica each, who hear of each other a little late; `send` is told what reaches the server. */
class Table {
  constructor (authors, random, send) {
    this.random = random
    this.peers = Array.from({ length: authors }, () => ({ doc: new Y.Doc(), me: {}, made: [], inbox: [], offline: 0 }))
    for (const peer of this.peers) {
      // Two of them never draw the same, and the same seed makes the same session.
      peer.doc.clientID = 1 + random.below(2 ** 31)
      peer.doc.on('update', (update, origin) => { if (origin !== this) peer.made.push(update) })
    }
    this.send = send
  }

  edit (peer, edit) {
    if (peer.offline > 0) peer.offline--
    else if (this.random.chance(0.7)) this.meet(peer)
    if (this.random.chance(0.001)) peer.offline = OFFLINE
    peer.doc.transact(() => edit(peer.doc, peer.me, this.random))
  }

  /** A peer hears what the others sent, and sends what it made. */
  meet (peer) {
    for (const update of peer.inbox.splice(0)) Y.applyUpdate(peer.doc, update, this)
    for (const update of peer.made.splice(0)) {
      this.send(update)
      this.peers.forEach((other) => { if (other !== peer) other.inbox.push(update) })
    }
  }

  meetAll () {
    for (let round = 0; round < 2; round++) this.peers.forEach((peer) => this.meet(peer))
  }
}

/** What Yjs reads in the roots of some types. */
function content (doc) {
  const of = (type, read) => Object.fromEntries(
    [...doc.share].filter(([, root]) => root instanceof type && root.constructor === type).map(([name, root]) => [name, read(root)]))
  return {
    texts: of(Y.Text, (text) => text.toString()),
    arrays: of(Y.Array, (array) => array.toJSON()),
    maps: of(Y.Map, (map) => map.toJSON())
  }
}

async function write (file, kind, edit, { edits, authors, seed }) {
  const random = new Random(seed)
  const log = []
  const put = (line) => log.push(line)
  const table = new Table(authors, random, (update) => put(Buffer.from(update).toString('base64')))
  for (let n = 1; n <= edits; n++) {
    table.edit(table.peers[n % authors], edit)
    if (n % Math.ceil(edits / RESTARTS) === 0) {
      table.meetAll()
      put('fold')
    }
  }
  table.meetAll()
  const session = { seed, kind, log, content: content(table.peers[0].doc) }
  await file.write(JSON.stringify(session))
}

const [path, edits, authors = '4', seed = '1', only] = process.argv.slice(2)
const kinds = Object.entries(KINDS).filter(([kind]) => only === undefined || kind === only)
const mixed = (doc, me, random) => random.pick(Object.values(KINDS))(doc, me, random)
if (only === 'all') kinds.push(['all', mixed])
const file = await open(path, 'w')
for (const [at, [kind, edit]] of kinds.entries()) {
  await file.write(at === 0 ? '[\n' : ',\n')
  await write(file, kind, edit, { edits: Number(edits), authors: Number(authors), seed: Number(seed) })
}
await file.write('\n]\n')
await file.close()
