#!/usr/bin/env bash
# The hardware registry: vendors, processors, system modules and platforms.
# With name=<part of an id> or vendor=<id> some of it.
source "$(dirname "$0")/lookup.sh"

http "$BASE/api/hardware/registry/" limit==100
# curl -G "$BASE/api/hardware/registry/" --data-urlencode limit=100

#> {
#>   "silicon_vendors": [
#>     { "id": "mediatek", "type": "silicon_vendor", "url": "https://www.mediatek.com", "details": null },
#>     "... 1 more"
#>   ],
#>   "platform_vendors": [
#>     { "id": "mediatek", "type": "platform_vendor", "url": "https://www.mediatek.com", "details": null },
#>     "... 1 more"
#>   ],
#>   "processors": [
#>     {
#>       "id": "mt8188",
#>       "type": "soc",
#>       "url": null,
#>       "details": null,
#>       "architecture": "arm64",
#>       "cores": 8,
#>       "max_clock_speed_mhz": 2200,
#>       "vendor_id": "mediatek"
#>     },
#>     "... 2 more"
#>   ],
#>   "system_modules": [],
#>   "platforms": [
#>     {
#>       "id": "mt8390-evk",
#>       "type": "evaluation_kit",
#>       "url": null,
#>       "details": null,
#>       "form_factor": "board",
#>       "vendor_id": "mediatek",
#>       "processor_id": "mt8188",
#>       "system_module_id": null
#>     },
#>     "... 2 more"
#>   ]
#> }
