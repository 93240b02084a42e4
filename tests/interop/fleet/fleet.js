// Three nodes behind nginx, with Redis and a database under them: all of it real, and gone when the test ends.

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { until } from '../harness/wait.js'
import { Database } from './database.js'
import { Nginx } from './nginx.js'
import { Node } from './node.js'

export class Fleet {
  /** Starts all of it; `Redis` is the kind of Redis. */
  static async start (test, Redis) {
    const folder = await mkdtemp(join(tmpdir(), 'moim-fleet-'))
    const fleet = new Fleet()
    test.after(async () => {
      await Promise.all(fleet.parts.map((part) => part.kill()))
      if (test.passed) await rm(folder, { recursive: true })
      else test.diagnostic(`the logs are in ${folder}`)
    })
    fleet.redis = await Redis.start(folder)
    fleet.database = await Database.start(folder)
    fleet.nodes = []
    for (const name of ['node-1', 'node-2', 'node-3']) {
      fleet.nodes.push(await Node.start(folder, name, fleet))
    }
    fleet.nginx = await Nginx.start(folder, fleet.nodes)
    return fleet
  }

  get parts () {
    return [this.nginx, ...(this.nodes ?? []), this.database, this.redis].filter((part) => part !== undefined)
  }

  /** `kill -9` for all nodes at once, and all of them again. */
  async killAllNodes () {
    await Promise.all(this.nodes.map((node) => node.kill()))
    await Promise.all(this.nodes.map((node) => node.goOn()))
    // nginx leaves nodes alone for a while that it could not reach.
    await until('nginx finds a node', () => fetch(`${this.nginx.http}/readyz`).then((answer) => answer.ok))
  }

  async complaints () {
    const ended = this.nodes.filter((node) => node.process.endedByItself).map((node) => `${node.address} ended`)
    return [...ended, ...(await Promise.all(this.nodes.map((node) => node.complaints()))).flat()]
  }
}
