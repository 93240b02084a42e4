// Words that readers stumbled over, where they stand now, in both languages.

import { EditorPage } from './editor'
import { expect, Person, test } from './fixtures'

/** A date so many days from now, where the browsers are. */
const inDays = (days: number) =>
  new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Seoul' }).format(Date.now() + days * 86_400_000)

const WORDS = {
  ko: {
    locale: 'ko-KR',
    door: '함께 짜는 여행',
    first: '날짜별로 나누고',
    mine: '내 여행',
    soon: 'D-1',
    later: 'D-21',
    makes: '3일짜리 일정을 만들어요',
    map: '지도',
    kinds: ['장소', '메모', '이동', '숙소'],
    moveTo: '다른 날로 옮기기…',
    travel: '걸리는 시간',
    stays: '머무는 시간',
    outside: '예약 날짜가 여행 밖이라 그대로 둘게요',
    offline: '변경 1개를 이 기기에 저장했어요',
    viewer: '보기 전용이에요',
    owner: '소유자예요',
  },
  en: {
    locale: 'en-GB',
    door: 'Plan trips together',
    first: 'sort them into days',
    mine: 'Active',
    soon: '1 day to go',
    later: '21 days to go',
    makes: 'Creates a 3-day plan',
    map: 'Map',
    kinds: ['Place', 'Note', 'Transport', 'Stay'],
    moveTo: 'Move to…',
    travel: 'Travel time',
    stays: 'Duration',
    outside: 'The booked dates are outside the trip, so these cards stay where they are.',
    offline: '1 change kept on this device',
    viewer: "role is now Viewer",
    owner: "role is now Owner",
  },
} as const

for (const language of ['ko', 'en'] as const) {
  const words = WORDS[language]

  test(`what stands on the way to a trip (${language})`, async ({ browse, server }) => {
    const stranger = await browse(null, { locale: words.locale })
    await stranger.goto('/login')
    await expect(stranger.locator('h1'), 'what it is, to who was never here').toContainText(words.door)

    const ara = await Person.signUp(server, 'Ara', language)
    const page = await browse(ara, { locale: words.locale })
    await page.goto('/')
    await expect(page.getByTestId('welcome')).toContainText(words.first)
    for (const [title, days] of [['Soon', 1], ['Later', 21]] as const) await ara.createTrip({ title, start: inDays(days) })
    await page.reload()
    await expect(page.getByTestId('filter-active'), 'not "in progress"').toHaveText(words.mine)
    await expect(page.getByTestId('hero')).toContainText(words.soon)
    await expect(page.getByTestId('trip-tile').filter({ hasText: 'Later' })).toContainText(words.later)
    await page.getByTestId('create-trip').click()
    const dialog = page.getByTestId('create-dialog')
    await dialog.getByTestId('create-undated').click()
    await dialog.getByTestId('create-days').fill('3')
    await expect(dialog).toContainText(words.makes)
  })

  test(`what stands in a trip (${language})`, async ({ browse, server }) => {
    const [ara, byeol] = [await Person.signUp(server, 'Ara', language), await Person.signUp(server, 'Byeol', language)]
    const trip = await ara.createTrip({ title: 'Jeju', days: 2, start: '2026-12-24' })
    await ara.share(trip, byeol, 'editor')
    const editor = await EditorPage.open(await browse(ara, { locale: words.locale }), trip)
    const { page } = editor
    await expect(page.getByTestId('map').getByLabel(words.map, { exact: true })).toBeAttached()
    const kinds = ['place', 'note', 'move', 'stay'].map((kind) => editor.day(1).getByTestId(`add-${kind}`))
    for (const [n, kind] of kinds.entries()) await expect(kind).toHaveText(words.kinds[n] ?? '')
    await expect(page.getByTestId('save-version'), 'as it is written on this keyboard').toHaveAttribute('data-tip', / {2}Ctrl\+S$/)

    await test.step('a way takes its time, a place is stayed at', async () => {
      for (const [kind, label] of [['move', words.travel], ['stay', words.stays]] as const) {
        await editor.day(1).getByTestId(`add-${kind}`).click()
        const line = editor.day(1).getByTestId('quick-add-input')
        await line.fill(kind)
        await line.press('Enter')
        await editor.card(kind).waitFor()
        await line.press('Escape')
        await editor.openCard(kind)
        await expect(page.getByTestId('card-sheet').getByLabel(label, { exact: true })).toHaveAttribute('data-testid', 'duration')
        await page.getByTestId('panel-close').click()
      }
    })

    await test.step('to another day is not called as a kind of card is', async () => {
      await page.locator('[data-testid=card-menu][aria-label*=stay]').click()
      await expect(page.getByTestId('card-move')).toContainText(words.moveTo)
      await page.keyboard.press('Escape')
    })

    await test.step('where there is nothing to choose, none is asked for', async () => {
      await editor.openCard('stay')
      await page.getByTestId('time-start').fill('15:00')
      await page.getByTestId('time-lock').check()
      await page.getByTestId('panel-close').click()
      await page.getByTestId('dates').click()
      await page.getByTestId('dates-start').fill('2027-05-01')
      await page.getByTestId('dates-apply').click()
      const dialog = page.getByTestId('locked-dialog')
      await expect(dialog).toContainText(words.outside)
      await expect(dialog.getByRole('radio')).toHaveCount(0)
      await dialog.getByTestId('locked-cancel').click()
    })

    await test.step('a role, with its particle', async () => {
      await page.getByTestId('share').click()
      const role = page.getByTestId('member').filter({ hasText: 'Byeol' }).getByTestId('member-role')
      for (const [to, said] of [['viewer', words.viewer], ['owner', words.owner]] as const) {
        await role.selectOption(to)
        await expect(page.getByTestId('toasts')).toContainText(said)
      }
      await page.keyboard.press('Escape')
    })

    await test.step('one change, offline', async () => {
      await editor.expectState('saved')
      await page.context().setOffline(true)
      await editor.expectState('offline')
      await editor.addNotes(2, 'in the tunnel')
      await expect(editor.chip).toContainText(words.offline)
    })
  })
}
