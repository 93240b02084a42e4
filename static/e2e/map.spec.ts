// The map in a browser that has WebGL. The other tests run without it, which is the plain map's test.

import type { Locator } from '@playwright/test'

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Server } from '../../tests/interop/harness/server.js'
import { EditorPage } from './editor'
import { expect, type Page, Person, test } from './fixtures'
import { watchPolicy } from './policy'
import { archive, serveTiles } from './tiles'

test('a click on the map makes a card there', async ({ browse, server }) => {
  const mina = await Person.signUp(server, 'Mina')
  const page = await browse(mina)
  const violations = await watchPolicy(page)
  const editor = await EditorPage.open(page, await mina.createTrip({ days: 2, sample: 'jeju' }))
  const cards = editor.page.getByTestId('card')
  await cards.first().waitFor()
  const before = await cards.count()
  await editor.page.getByTestId('map').locator('canvas').click({ button: 'right', position: { x: 200, y: 250 } })
  await editor.page.getByTestId('pick-name').fill('A spot of our own')
  await editor.page.getByTestId('pick-add').click()
  await expect(editor.card('A spot of our own')).toBeVisible()
  await expect(cards).toHaveCount(before + 1)
  expect(await violations()).toEqual([])
})

test.describe('a map of the operator\'s own is drawn, with what its makers want to be shown', () => {
  const ATTRIBUTION = '© Tiles of our own'

  /** Opens a trip on a server with these settings, and waits until the map is green where its middle is. */
  async function expectDrawn(browse: (person: Person) => Promise<Page>, settings: Record<string, string>) {
    const server = await Server.start({ MOIM_MAP_ATTRIBUTION: ATTRIBUTION, ...settings })
    try {
      const mina = await Person.signUp(server, 'Mina')
      const page = await browse(mina)
      const violations = await watchPolicy(page)
      await EditorPage.open(page, await mina.createTrip({ days: 1 }))
      const map = page.getByTestId('map')
      await expect(map).toContainText(ATTRIBUTION)
      await expect.poll(() => middle(map)).toEqual([20, 160, 60])
      expect(await violations()).toEqual([])
    } finally {
      await server.stop()
    }
  }

  /** The colour in the middle of the map, as a person sees it. */
  async function middle(map: Locator): Promise<number[]> {
    const shot = (await map.screenshot()).toString('base64')
    return map.evaluate(async (_, data) => {
      const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0))
      const picture = await createImageBitmap(new Blob([bytes], { type: 'image/png' }))
      const paper = new OffscreenCanvas(picture.width, picture.height).getContext('2d')!
      paper.drawImage(picture, 0, 0)
      return [...paper.getImageData(picture.width / 2, picture.height / 2, 1, 1).data.slice(0, 3)]
    }, shot)
  }

  test('tiles of another host', async ({ browse }) => {
    const tiles = await serveTiles()
    try {
      await expectDrawn(browse, { MOIM_TILES_URL: tiles.template })
      expect(tiles.asked.length).toBeGreaterThan(0)
    } finally {
      tiles.close()
    }
  })

  test('an archive', async ({ browse }) => {
    const folder = await mkdtemp(join(tmpdir(), 'moim-map-'))
    await writeFile(join(folder, 'own.pmtiles'), archive())
    try {
      await expectDrawn(browse, { MOIM_PMTILES: join(folder, 'own.pmtiles') })
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})
