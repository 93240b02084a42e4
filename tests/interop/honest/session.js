// A session of stock clients who edit one document at the same time: nothing is refused, all agree, also after a restart.

import assert from 'node:assert/strict'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'

import * as Y from 'yjs'

import { agree, Peer } from '../harness/peer.js'
import { Person } from '../harness/person.js'
import { until } from '../harness/wait.js'

/** Machines do in seconds what people do in days: what slows a socket down to people's speed is out of the way. */
export const AT_ONCE = { MOIM_MESSAGES_PER_SECOND: '1000000', MOIM_BYTES_PER_SECOND: '1000000000' }

/** After so many edits of each, everybody waits for the others. */
const BREATH = 250
/** After so many edits of each, what the others sent is read. */
const TURN = 3
const WITHIN = 120_000
/** So many a second does Linux count in /proc. */
const CLOCK_TICKS = 100
/** So many lines of the server's log say why a session failed. */
const WARNINGS = 40

export class Session {
  /** So many authors in a new trip, and a witness who writes nothing. */
  static async open (scene, authors, turn = TURN) {
    const session = new Session(scene, await scene.trip(), turn)
    const people = [scene.owner]
    while (people.length < authors) people.push(await scene.member(session.trip))
    for (const person of people) session.peers.push(await session.join(person))
    session.witness = await session.join(scene.owner)
    return session
  }

  constructor (scene, trip, turn) {
    Object.assign(this, { scene, trip, turn, peers: [], closes: [], edits: 0 })
  }

  get everybody () {
    return [...this.peers, this.witness]
  }

  async join (person) {
    const peer = await Peer.join(person, this.trip, WITHIN)
    peer.me = {}
    peer.provider.on('closed', ({ code }) => this.closes.push(code))
    return peer
  }

  /** Everybody makes so many edits, and hears of the others' in between. */
  async run (count, edit, random) {
    for (let n = 1; n <= count; n++) {
      for (const peer of this.peers) this.edit(peer, edit, random)
      if (n % this.turn === 0) await turn()
      if (n % BREATH === 0) await this.agreed()
    }
    await this.agreed()
  }

  /** The first goes offline while all go on, and comes back. */
  async apart (count, edit, random) {
    const [away, ...others] = this.peers
    away.goOffline()
    await until('it is offline', () => !away.isConnected, WITHIN)
    for (let n = 0; n < count; n++) {
      for (const peer of this.peers) this.edit(peer, edit, random)
    }
    await until('the others agree', () => agree([...others, this.witness]), WITHIN)
    this.closes.length = 0
    away.goOnline()
    await this.agreed()
  }

  edit (peer, edit, random) {
    edit(peer.doc, peer.me, random)
    this.edits++
  }

  async agreed () {
    await until('all agree', () => {
      assert.deepEqual(this.closes, [], 'the server closed a connection')
      return agree(this.everybody)
    }, WITHIN)
  }

  /** The server is killed and started again: whoever joins reads the same, and everybody goes on. */
  async restarted (edit, random) {
    const { server } = this.scene
    await server.kill()
    await until('all have noticed', () => this.everybody.every((peer) => !peer.isConnected), WITHIN)
    await server.run()
    await until('all are back', () => this.everybody.every((peer) => peer.isConnected), WITHIN)
    this.closes.length = 0
    const { mail, password } = this.scene.owner
    const fresh = await this.join(await Person.logIn(server, mail, password))
    await until('a newcomer agrees', () => agree([...this.everybody, fresh]), WITHIN)
    assert.deepEqual(content(fresh.doc, this.witness.doc), content(this.witness.doc, this.witness.doc))
    fresh.leave()
    this.closes.length = 0
    await this.run(3, edit, random)
  }

  leave () {
    this.everybody.forEach((peer) => peer.leave())
  }

  /** The memory of the server, now and at most since its start, in MiB. */
  async memory () {
    const status = await readFile(`/proc/${this.scene.server.process.pid}/status`, 'utf8')
    const of = (name) => Math.round(Number(status.match(new RegExp(`${name}:\\s+(\\d+)`))[1]) / 1024)
    return { now: of('VmRSS'), peak: of('VmHWM') }
  }

  /** Milliseconds that the server has computed since its start. */
  async processor () {
    const line = await readFile(`/proc/${this.scene.server.process.pid}/stat`, 'utf8')
    const [user, system] = line.slice(line.lastIndexOf(')')).split(' ').slice(12, 14)
    return (Number(user) + Number(system)) * 1_000 / CLOCK_TICKS
  }

  /** The last of what the server warned of: its log goes with it. */
  async warnings () {
    const log = await readFile(this.scene.server.log, 'utf8')
    return log.split('\n').filter((line) => /WARN|ERROR/.test(line)).slice(-WARNINGS)
  }

  /** The document as Yjs encodes it. */
  documentBytes () {
    return Y.encodeStateAsUpdate(this.witness.doc).length
  }

  /** The server's database and its log. */
  async diskBytes () {
    const data = join(this.scene.server.folder, 'data')
    const files = (await readdir(data)).filter((name) => name.startsWith('moim.db'))
    const sizes = await Promise.all(files.map(async (name) => (await stat(join(data, name))).size))
    return sizes.reduce((sum, size) => sum + size, 0)
  }
}

/** What a document reads in the roots that another one has. */
function content (doc, like) {
  const read = {}
  for (const [name, type] of like.share) {
    const own = type.constructor === Y.AbstractType ? undefined : doc.get(name, type.constructor)
    read[name] = own instanceof Y.Text ? own.toDelta() : own?.toJSON()
  }
  return read
}
