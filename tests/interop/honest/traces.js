// Recorded sessions of real people, through the server: `node honest/traces.js FILE...`, in the format of github.com/josephg/editing-traces.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { gunzipSync } from 'node:zlib'
import { basename } from 'node:path'

import * as Y from 'yjs'

import { AT_ONCE } from './session.js'
import { Peer } from '../harness/peer.js'
import { Person } from '../harness/person.js'
import { Raw, update } from '../harness/raw.js'
import { Server } from '../harness/server.js'
import { until } from '../harness/wait.js'

/** So many updates are on their way at once. */
const WINDOW = 200
const ROOT = 'codemirror'

/** One author's replica: what it does comes out as updates. */
class Author {
  constructor (send) {
    this.doc = new Y.Doc()
    this.has = new Set()
    this.made = []
    this.doc.on('update', (bytes, origin) => {
      if (origin === this) return
      this.made.push(bytes)
      send.push(bytes)
    })
  }

  patch (patches) {
    this.made = []
    const text = this.doc.getText(ROOT)
    this.doc.transact(() => {
      for (const [at, removed, inserted] of patches) {
        if (removed > 0) text.delete(at, removed)
        if (inserted.length > 0) text.insert(at, inserted)
      }
    })
    return this.made
  }
}

/** The updates of a trace in its order, and what Yjs reads in the end. */
function updatesOf (trace) {
  const sent = []
  const authors = new Map()
  const made = []
  const author = (agent) => {
    if (!authors.has(agent)) authors.set(agent, new Author(sent))
    return authors.get(agent)
  }
  if (trace.startContent) author(0).patch([[0, 0, trace.startContent]])
  trace.txns.forEach(({ parents, agent = 0, patches }, at) => {
    const one = author(agent)
    receive(one, parents ?? [], trace, made)
    one.has.add(at)
    made[at] = one.patch(patches)
  })
  const reader = new Y.Doc()
  sent.forEach((bytes) => Y.applyUpdate(reader, bytes))
  return { updates: sent, end: reader.getText(ROOT).toString() }
}

/** Lets an author receive all that its next edit builds on. */
function receive (author, parents, trace, made) {
  const lacks = []
  const stack = [...parents]
  while (stack.length > 0) {
    const at = stack.pop()
    if (author.has.has(at)) continue
    author.has.add(at)
    lacks.push(at)
    stack.push(...trace.txns[at].parents)
  }
  for (const at of lacks.sort((a, b) => a - b)) {
    made[at].forEach((bytes) => Y.applyUpdate(author.doc, bytes, author))
  }
}

async function replay (server, owner, file) {
  const bytes = await readFile(file)
  const trace = JSON.parse(file.endsWith('.gz') ? gunzipSync(bytes) : bytes)
  const { updates, end } = updatesOf(trace)
  if (trace.kind !== 'concurrent') assert.equal(end, trace.endContent)
  const trip = await owner.createTrip()
  const raw = await Raw.open(server, trip, { token: await owner.ticket(trip), ack: 1 })
  const began = performance.now()
  for (const [at, bytes] of updates.entries()) {
    raw.send(update(bytes))
    if (at % WINDOW === 0) await until('it is stored', () => raw.closed || raw.stored >= at - WINDOW, 60_000)
    assert.equal(raw.closed, undefined, `update ${at} was refused: ${raw.refusal?.reason}`)
  }
  await until('all is stored', () => raw.closed || raw.stored === updates.length, 60_000)
  assert.equal(raw.closed, undefined, `refused: ${raw.refusal?.reason}`)
  const each = (performance.now() - began) / updates.length
  const memory = (await readFile(`/proc/${server.process.pid}/status`, 'utf8')).match(/VmRSS:\s+(\d+)/)[1]
  raw.leave()
  for (const restart of [false, true]) {
    if (restart) {
      await server.kill()
      await server.run()
    }
    const peer = await Peer.join(owner, trip)
    assert.equal(peer.doc.getText(ROOT).toString(), end)
    peer.leave()
  }
  console.log(`${basename(file)}: ${updates.length} updates, ${each.toFixed(3)} ms each, server at ${Math.round(memory / 1024)} MiB`)
}

const server = await Server.start(AT_ONCE)
try {
  const owner = await Person.signUp(server, 'Owner')
  for (const file of process.argv.slice(2)) await replay(server, owner, file)
} finally {
  await server.stop()
}
