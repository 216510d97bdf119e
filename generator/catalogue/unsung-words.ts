/** Words of Faker's of which nobody makes a title: of bodies, illness, bathrooms, laboratories and offices, and bare grammar. */
export const UNSUNG_WORDS: ReadonlySet<string> = new Set(
  `
abnormally abseil absentmindedly accessorise acidly adrenalin alb all allocation anaesthetise analyse
anesthetize another antagonize anticodon any apostrophize appliance armchair babyish backbone bakeware bathhouse
bathrobe bedpan begonia bidet bin biodegradable biodegrade birth black-and-white blowgun bob bog bogus bony both
bran breastplate bruised bug bulky bump burly buttery buzzing cannibalise cantaloupe capitalise capitalize
cappelletti captioning carboxyl cardboard cassava catalog categorise cauliflower certification chainstay
chairperson characterization chasuble chiffonier chops chromakey chubby chunder circumference clavicle clear-cut
co-producer coagulate cod collectivization colligate colon colonialism combination comestible conceptualize
convalesce cop-out corny creamy cross-contamination customise cutlet cutover decongestant decriminalize
decryption deficient defrag deliquesce demob demobilise democratize denitrify dental department dependency
deployment dereference deselect destock developmental digestive digitize disembowel disgorge disposer doorpost
drug duffel e-mail each economise ectoderm edible effector egg elderly elver embalm emergent emulsify ethyl
every extra-large eyebrow eyeglasses eyeliner factorise factorize far-flung far-off fat fax feminize few filthy
flabby flatulent floss focalise foodstuffs foot footrest formamide freckle french frizzy futon gaseous gastropod
gestate governance greasy gripper grouper grubby gum gummy hairy ham handover hard-to-find hepatitis hoarse
homeschool hospitalization hourly hydrant hydrocarbon hydrolyse hydrolyze hygienic hyphenation hypothesise
hypothesize ice-cream ill ill-fated illiterate imagineer impotent in-joke incandescence industrialize inject
institutionalize integer intermesh intermix internalise internalize internationalize inventory its jam-packed
jeopardise joshingly judgementally kiddingly kielbasa kinase kindheartedly knavishly knickers knuckle kookily
labourer larva lashes legging liability license ligate linseed list litter loaf lobotomise long-term lotion
louse lox lumpy made-up mantua many masculinize massage masticate mealy measly meatloaf meaty median membership
metabolise metabolite microblog microchip micromanage midwife minister miskey mobilise mobilize moist molasses
monthly morbidity mortise mouser mozzarella mummify mushy musty nasalise nauseate nauseating neaten needily
nerve notarize noxious nucleotidase numeracy nun nutritious obesity oily only optimal ornery other our
overcooked overdub overfeed overtrain owlishly oxidise oxidize oxygenate pacemaker packaging palatable palate
pant pants pantyhose papa parody patroller penalise perp personalise perspire pharmacopoeia pigpen pigsty pip
pixellate plagiarise planula pliers plugin plump pneumonia polarisation portly potable preregister prioritize
probate probe procurement purse putrefy putrid quantify quarterly queasily queasy rationalise rationalize
readies rear reclassify recommendation reconstitute redact regulate rejigger reorganisation repurpose reschedule
retention retool retrospectivity rim runny same sauerkraut scaly scarification schnitzel scrutinise second-hand
secularize sediment self-confidence shampoo shinny short-term sick skean skeletal skeleton slime slimy snack
sniveling soap solvency some sore soupy spanish spectacles spellcheck spew spork stained statement step-mother
stir-fry stool subexpression submitter subsidy suckle suffocate sugary sure-footed swanling sweaty swine syringe
t-shirt tabulate tankful tapioca tasty taxicab teriyaki testimonial that these thigh this thongs those tomatillo
tomography tooth toothbrush toothpick trouser trousers tuber tune-up turret typeface uncork underachieve
underpants unethically unhealthy unibody unlined unripe unsightly urinate utilization utilized vanadyl vein
verbally viability vomit waist warming wasabi waterlogged weatherize well-documented well-groomed well-lit
well-made well-off well-to-do westernise westernize wetly which whole wobbly womb wombat worthwhile wretched
wriggler yearly yeast yellowish yogurt yummy yuppify
`
    .trim()
    .split(/\s+/),
);
