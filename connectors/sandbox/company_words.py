"""The names, subjects, and briefs that the sandbox's company is made of."""

from __future__ import annotations

ROLES = ("campaign manager", "designer", "developer", "email marketing specialist", "data analyst")

# id, name, role, active. The addresses are <id>@acme.example.
PEOPLE = (
    ("ann", "Ann Lee", "campaign manager", True),
    ("juergen", "Jürgen Köhler", "campaign manager", True),
    ("marta", "Marta Nowak", "campaign manager", True),
    ("dana", "Dana Whitfield", "designer", True),
    ("tomas", "Tomás Ibáñez", "designer", False),
    ("yuki", "Yuki Tanaka", "designer", True),
    ("sven", "Sven Åkesson", "developer", True),
    ("priya", "Priya Raman", "developer", True),
    ("layla", "ليلى حداد", "email marketing specialist", True),
    ("ben", "Ben Carter", "email marketing specialist", True),
    ("grace", "Grace Okafor", "data analyst", True),
    ("oskar", "Oskar Lindqvist (IT compliance)", "data analyst", True),
)
# Accounts that one tool knows and the directory does not.
STRANGERS = (
    ("contractor", "Kim Delacroix (Studio Nord)", "kim@studio-nord.example", "jira"),
    ("freelancer", "R. Osei", "r.osei@freelance.example", "airtable"),
)

AUDIENCES = (
    ("Newsletter DACH", "list", 48210),
    ("Newsletter UK", "list", 31544),
    ("Newsletter Nordics", "list", 12903),
    ("VIP customers", "segment", 2310),
    ("Loyalty members", "list", 19870),
    ("Lapsed 180 days", "segment", 22415),
    ("Trial users", "segment", 4120),
    ("Cart abandoners", "segment", 3377),
    ("Event attendees", "list", 1865),
    ("New customers 30 days", "segment", 5208),
    ("Frequent buyers", "segment", 7716),
    ("Wholesale partners", "list", 640),
    ("Product updates", "list", 26032),
    ("Students", "segment", 8851),
)
MARKETS = ("DACH", "UK", "Nordics", "Benelux", "Iberia", "Italy", "France", "Poland", "Ireland", "Baltics")
TAGS = ("brand", "revenue", "retention", "loyalty", "launch", "evergreen", "partner", "legal-check", "a-b-test")

# The pair that people really do name alike: only the date tells them apart.
TWIN = ("Newsletter", "Newsletter", "This week at Acme")

# name, program, subject
CAMPAIGNS = (
    ("Trail shoes launch", "Product launch", "Meet the shoe that likes mud"),
    ("Loyalty points reminder", "Lifecycle", "Your points are waiting"),
    ("Members' early access", "Promotion", "You get in first"),
    ("Win-back: we miss you", "Lifecycle", "It has been a while"),
    ("Free shipping weekend", "Promotion", "Free shipping until Sunday 🚚"),
    ("Webinar: choosing a tent", "Event", "Save your seat: choosing a tent"),
    ("Care guide for down jackets", "Newsletter", "Keep your jacket warm for years"),
    ("Store opening Köln", "Event", "Wir eröffnen in Köln"),
    ("Cart reminder refresh", "Lifecycle", "Still thinking it over?"),
    ("Repair service introduction", "Product launch", "Broken zip? We mend it"),
    ("Customer survey", "Lifecycle", "Three questions, two minutes"),
    ("Backpack bundle", "Promotion", "One pack, two extras"),
    ("Editor's picks", "Newsletter", "Six things we would buy ourselves"),
    ("Ambassador evening", "Event", "An evening with our ambassadors"),
    ("Welcome series refresh", "Lifecycle", "Good to have you here"),
    ("Clearance: last sizes", "Promotion", "Last sizes, last chance"),
    ("Sleeping bag relaunch", "Product launch", "Warmer, lighter, back again"),
    ("Gift card push", "Promotion", "The gift that always fits"),
    ("Sustainability report", "Newsletter", "What we did, and what we did not"),
    ("Birthday offer", "Lifecycle", "A small present for you"),
    ("Climbing workshop", "Event", "Learn to lead in a weekend"),
    ("Price change notice", "Lifecycle", "Our prices change next month"),
    ("Rain gear guide", "Newsletter", "There is no bad weather"),
    ("Student discount renewal", "Promotion", "Your student discount, renewed"),
    ("App release", "Product launch", "The new app is here"),
    ("Partner spotlight", "Newsletter", "Meet the people who make our wool"),
    ("Refer a friend", "Lifecycle", "Share Acme, get 10 euros"),
    ("Photo contest", "Event", "Show us your summit"),
    ("Kids' collection preview", "Product launch", "Small sizes, big plans"),
    ("Outlet opening weekend", "Promotion", "Our outlet opens its doors"),
)
# Above the list's length, a name is one of these for a line of products in a market.
OCCASIONS = (
    ("{line} preview {market}", "Product launch", "First look: {line}"),
    ("{line} sale {market}", "Promotion", "{line}, for less"),
    ("{line} care tips {market}", "Newsletter", "How to care for your {line}"),
    ("{line} back in stock {market}", "Lifecycle", "Back in stock: {line}"),
    ("{line} demo day {market}", "Event", "Come and try our {line}"),
    ("{line} buyer's guide {market}", "Newsletter", "Which {line} is yours?"),
    ("{line} bundle {market}", "Promotion", "Better together: {line}"),
    ("{line} follow-up {market}", "Lifecycle", "How is your {line} doing?"),
)
LINES = (
    "tents", "backpacks", "trail shoes", "rain jackets", "sleeping bags", "head torches", "climbing gear",
    "wool layers", "bike bags", "stoves", "down jackets", "hiking poles", "kids' wear", "travel bags", "sunglasses",
)  # fmt: skip

BRIEFS = (
    "**Goal:** bring {audience} back to the shop.\n\n"
    "- Hero: {lower}\n- One button, above the fold\n- Send through the usual template",
    "Readers of **{audience}** hear about it first.\n\n"
    "See the [creative folder](https://files.acme.example/{slug}) for images.",
    "**Offer:** {subject}\n\n- Check the wording with compliance\n- No countdown timer\n\n"
    "Background: [plan](https://wiki.acme.example/{slug})",
    "Short and personal, *no* banner.\n\n1. Greeting\n2. {lower}\n3. Thanks",
    "**Audience:** {audience}\n\nKeep it under **150 words**; the product page does the rest.",
)
NOTES = (
    "",
    "",
    "Use the **new** header.",
    "Waiting for final copy.\n\n- Headline\n- Preheader",
    "See [checklist](https://wiki.acme.example/checklist).",
    "Same as last time, with fresh images.",
)

# What an ESP cannot do (reference esp §5), so that nobody in the company plans it there.
KINDS_WITHOUT = {"mailchimp": ("Day",), "brevo": ("Recipient local",)}
ONE_AUDIENCE = ("mailchimp",)
# What an ESP does not show of a draft, so that nothing of it can drift there.
UNSHOWN = {"mailchimp": ("planned",), "brevo": ("planned",), "ics": ("subject",)}

# kind: days from the send to its due day, and the role that does it
STAGES = {
    "strategy": (-24, "campaign manager"),
    "segmentation": (-16, "data analyst"),
    "content": (-14, "campaign manager"),
    "design": (-11, "designer"),
    "build": (-8, "developer"),
    "qa": (-5, "email marketing specialist"),
    "compliance": (-4, "data analyst"),
    "deployment": (-1, "email marketing specialist"),
    "analysis": (4, "data analyst"),
}
