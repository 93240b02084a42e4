// Writes sessions of honest people to a file: `node honest/generate.js FILE EDITS [AUTHORS] [SEED] [KIND]`, one of each kind, or of one.

import assert from 'node:assert/strict'
import { open } from 'node:fs/promises'

import * as Y from 'yjs'

import { KINDS } from './kinds.js'
import { agree } from '../harness/peer.js'
import { Random } from '../harness/random.js'

/** So often in a session the server drops what was deleted, and opens the document again: in a long one after so many edits. */
const RESTARTS = 5
const RESTART_AFTER = 20_000
/** An author is offline for so many edits now and then. */
const OFFLINE = 100
/** So many lines are kept before they go into the file. */
const LINES = 1_000

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
    edit(peer.doc, peer.me, this.random)
  }

  /** A peer hears what the others sent, and sends what it made. */
  meet (peer) {
    // As one, as a busy room sends it.
    const heard = peer.inbox.splice(0)
    if (heard.length > 0) peer.doc.transact(() => heard.forEach((update) => Y.applyUpdate(peer.doc, update)), this)
    for (const update of peer.made.splice(0)) {
      this.send(update)
      this.peers.forEach((other) => { if (other !== peer) other.inbox.push(update) })
    }
  }

  /** Also what hearing of others' formats makes of a text is heard by all. */
  meetAll () {
    do this.peers.forEach((peer) => this.meet(peer))
    while (this.peers.some(({ inbox, made }) => inbox.length + made.length > 0))
  }

  assertAgreed () {
    assert.ok(agree(this.peers), 'the replicas differ')
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

/** The log of a session, written while it is made. */
class Log {
  constructor (file) {
    Object.assign(this, { file, lines: [], isEmpty: true })
  }

  put (line) {
    this.lines.push(line)
  }

  async flush () {
    if (this.lines.length === 0) return
    const lines = this.lines.splice(0).map((line) => JSON.stringify(line)).join(',')
    await this.file.write(this.isEmpty ? lines : `,${lines}`)
    this.isEmpty = false
  }
}

async function write (file, kind, edit, { edits, authors, seed }) {
  const random = new Random(seed)
  const log = new Log(file)
  const table = new Table(authors, random, (update) => log.put(Buffer.from(update).toString('base64')))
  await file.write(`{"seed":${seed},"kind":${JSON.stringify(kind)},"log":[`)
  const restartAfter = Math.min(Math.ceil(edits / RESTARTS), RESTART_AFTER)
  for (let n = 1; n <= edits; n++) {
    table.edit(table.peers[n % authors], edit)
    if (n % restartAfter === 0) {
      table.meetAll()
      log.put('fold')
    }
    if (log.lines.length >= LINES) await log.flush()
  }
  table.meetAll()
  await log.flush()
  table.assertAgreed()
  await file.write(`],"content":${JSON.stringify(content(table.peers[0].doc))}}`)
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
