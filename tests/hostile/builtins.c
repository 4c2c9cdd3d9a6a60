/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/hostile/builtins.h"

/* clang-format off */
#define ONES      {"[", "1,", "1]", 0}
#define TEXT      {"\"", "a", "\"", 0}
#define ACCENTS   {"\"", "\xC3\xA9", "\"", 0}
#define INVALID   {"\"", "ff", "\"", 0}
#define KEYS      {"{", "\"k@#\":1,", "\"\":1}", 0}
#define OBJECTS   {"[", "{\"b#\":1,\"a\":[{\"d\":2,\"c\":\"@\"}]},", "{}]", 0}
/* A schema of which each applies the next one twice. */
#define TWICE(own, next) "\"" own "\":{\"allOf\":[{\"$ref\":\"#/" next "\"},{\"$ref\":\"#/" next "\"}]},"
#define DOUBLES "{\"$ref\":\"#/a\"," TWICE("a", "b") TWICE("b", "c") TWICE("c", "d") TWICE("d", "e") TWICE("e", "f") TWICE("f", "g") TWICE("g", "h") TWICE("h", "i") TWICE("i", "j") TWICE("j", "k") TWICE("k", "l") TWICE("l", "m") TWICE("m", "n") TWICE("n", "o") TWICE("o", "p") TWICE("p", "q") TWICE("q", "r") TWICE("r", "s") TWICE("s", "t") TWICE("t", "u") TWICE("u", "v") TWICE("v", "w") TWICE("w", "x") TWICE("x", "y") TWICE("y", "z") "\"z\":{}}"
#define JUST(text) {text, NULL, NULL, 0}
#define JWT_TEXT {"\"e30.", "YWFh", ".\"", 0}
#define JWT_LIST {"\"e30.eyJhIjpb", "W10s", "MF19.\"", 0}
#define JWT_SIGNATURE {"\"eyJhbGciOiJSUzI1NiJ9.e30.", "YWFh", "\"", 0}
#define JWT_P521 JUST("\"eyJhbGciOiAiRVM1MTIiLCAidHlwIjogIkpXVCJ9.e30.APLVZuJJBBugMS5W4KlBGouyyI1saEL_Ab574jQL6OgcTaLju35H_YWqj6Zy2LH-4fR-CJDx5n-ZZdMZMoVmRXriAYCHy1umxUatyf17qGNKBaWYXDQXvovXEvRuqq9mKL-jEJClal41qqd5CHYXVuuPYIwcZ6MOYfrkeiH-HgFCAAAA\"")
#define KEYS_P521 {"\"{\\\"keys\\\":[", \
    "{\\\"kty\\\":\\\"EC\\\",\\\"crv\\\":\\\"P-521\\\",\\\"x\\\":\\\"AF8Mbww4Wlslaykm-TgM0RBsCR3SWZtLsl6fRWR09sl1RNR6z6qh2T8RQP2qpn1-WZdd02dwwU0ZxfKNQkfnS3u7\\\",\\\"y\\\":\\\"AKV-ClOqCjWp-EUxsXjfY8sVv0IYpX0j8lF32CUtgHYyHPGp_mPeRVsEjPSewRHjWP--dUVXS8QTmzJi6TwQDfcm\\\"},", \
    "{\\\"kty\\\":\\\"oct\\\",\\\"k\\\":\\\"AA\\\"}]}\"", 0}
#define KEYS_OCT {"\"{\\\"keys\\\":[", "{\\\"kty\\\":\\\"oct\\\",\\\"k\\\":\\\"AA\\\"},", "{\\\"kty\\\":\\\"oct\\\",\\\"k\\\":\\\"AA\\\"}]}\"", 0}
#define KEY_LONG {"\"{\\\"kty\\\":\\\"oct\\\",\\\"k\\\":\\\"", "A", "\\\"}\"", 0}
#define PEM_LINES {"\"", "-----BEGIN A:-----\\na:b\\n-----END :\\n", "\"", 0}
#define SECRET_KEY JUST("{\"kty\": \"oct\", \"k\": \"AA\"}")
#define RSA_KEY JUST("{\"kty\":\"RSA\",\"n\":\"2i7f3Mx5qPlW6B6y7SK5azf9a2IPE0RU1_7uEj6YL83QhVDzQpmiPdGHw8DUIAWFkrUOz3jqxuNX215dwQ2cbVezr5PCPfIXWPJspD3-I_A_qHxlXrk89oxrRTYfDjToZcsY6UynnSv_ibSrcgLGdO796-dnYDz5mCRpHNbC_EoLLELZfpea4o_LCRi5kpyoF4vppZ1I2V1kXEgjO5Z3RGpQiiQ1jbqFosQGgoulIDBn6MmqqWpzZwYOtInkJSqKy6gpWnKLI2fo1lDgEFWxh532qhD1nSzE7d--uETV5ZnnhK8bLVLna8EG8oH0Eif1t714-UWqoiOA8hDOpqhBC1N3rlzvS03PnYZxYW94sGjkuQGwlE1I_cleGWCqx5q9YWo_BJMBnvbGs-cOnsi3TpvaUvN6KQjHcFMw8TUse1_Sy_s3KUmQ99uexqwwQxQKS661NqTSq-yV2cuX6LZN7nukdJn4MT-_fpSGJiSvhrhdbrACA__RrGls1dtrHF5xoPOMQtGxGK7k-gFmo6yI1r3G5LpnBPuoUuU-RxrAdJnSnjKEesyO8crRihsCGOA2J3pUg8R7flJETqAdLuBpRWECO-XghxRsoQ9NQy4jj5AmMGNmZ1YwwPlTuXRRvYOyVkxoqCrd5Td6WHEe3vhR2TfMduVupSan3Y5Iqjf74r8\",\"e\":\"AQAB\",\"d\":\"BtAo6G2wLOEgYB45SyNm89yrOrO0sc7T8WzCBWrT-MYuCUO2XPGMOe71lNzMIvXZLnQd8sedWTmXMD_5oIIqzNVMxKJSEfoh1YK4dsaCzZ9-dWXxCmyxZSeMX_xpKtnnGeqmK_7bSxKpJ6UvJ1_Dz7n4zumKdlxhFOmqKJ7iNtufDrJFtWjJiuKfnfiaLuRacWXKlYPcVwFOFX2hMAaqUcYaHr4zt-nHq4YAiAoRTXiFfiTyAdlTojdztRqLN8fkzqhBJlRmWOQxRqP-4zOx2ADMR5JBATf5LE5s17c6kLFmI-QN7rPkix5bd64sL3b0-thdUzdkNSzzpVt2AIlHgqLFKb-kvXR_XX-cVLqTLzEqxi7o2lJKq4TYo4zXi-wkZDAAvNRHCa-SNOztQHO0zW82_4nGLAKtc6Saar7LD3i54M5xX9d1yszagL4PVqQuJRCYg35iypwyd0nJcDEByzUznH7LMDDanKtwDfhGH3T35678e4KncA1ma5eS2JA_5gKuMu8V1LDeEifnxrB7CddIB5kaEYx5SrQp9qXAJNGrM_ec5NnMd-GalwpY2U-JYwcE9Zrxa-JFvS6QIMpYqsfHXt-DnY6MbvTeutftuHLoPKXtQsEByhGl-AzaEle__Kj3tC5f7ezRM1jxEflnccE52E4PbbDU8xl5DjQmPpk\",\"p\":\"74cSRp-ytC8Q-KQg3omzgE4BhG4Iu-WHkssNAxW1G47E_VnQEefS-3T_qnsyL6ywAGG7wR69IMW5QB46IgwiWzeD33Ccpcxdu7nyzxffNTvrdOsjRUhrCk8mG1ENGlDshzjCRrpVWzY-d1ZVsYVSnlsxwpOBbNBoJt70xHb3v8gQilNCAgmQfuxNVYAP_2mq5ZYABUgiYMKG9VEGcl0wIUSSQmNQPw9KyJ_BIzJBmY9YlEproqcukR23upK8p5qCrUOMolkVfGfsqH6X_TtN9gCujrfU_gQ0w5EttPTd7tGdNVIOcEmCk3r2nSubOfWYEvRicWzuZumx0hYCWBlBJw\",\"q\":\"6TAHYJ3kIC-HfZ-tKE4mNRYkK8IcF9zzDXZKSc5EwpE0XMSTwnpPQHIaa3aLEBjMw5JD6gci_ydD27ZqnhCdmEvIKYNW7v5sorOnksfeVStp0-R1dSUuDxysRsvVPIuV0Eq11vCt6pCwwLdMz_ija_YFxpHpUea4rZLSRF6kM4axjOj-Jg9CzJ2q3FHUwRug4-c6wQvKNPfJoOkV6YYoyVx-S3a7wo9kM1vsQHEAcgifMBhm07TPYuD7TrQ-v_l2pzeBDo3gh5HuuAfvGJGlSMBNFY2mY11C6gMhgS1Qb781r-ecKIV2P8iSSHvABnxiFZIGVGRRNF-MMMONZF0gqQ\",\"dp\":\"PQKlmBGTXivi4cJEkQp4C0VTQ50XYmzLhIttzAxabiOGb5XR1s26wswBVzY8CUKuLdq3DTC8Mb3LOta4LfXzRlK0p1QywlR0x51MiI1nEFMr3UMLX9lbUmvoo-qYMMzOAn9llMhfd3Uwogr-ltIDwkwuN4aE3-eRr9z4cZZv8oyOEf21AXnYMUwVQqL08DTFD-eOJ8pA326NG61AvB6aZM7nhjtvtDA79zAh7MofRXLquBLgqbR1uwbbxo0buoEzqdhb2Pph66c4844TPrA9Yly4Gagfe3gszGeNQdthMDR6G5vEC7vdo50dddkml7PDwYg4DvYVH2eFIKL0g-Yi3w\",\"dq\":\"prNqIrzdL9EqmDkFbdHoaH0KoKmksb6HlvEgjIDEESADAeqaAyay70xi7L4TDg_cmlc-69fsQeHNFg3jTFpuf0h1sI-vHy2Ndgbe3gS6QcLGZe9ltLg-pBkIY5gmOaFEGWK_eggXHKARa8PeSrLiCTUYzerTlHRPQ-65GJ1b32YEGcsanRS92U9BrT1mziI1M5fDHeySwqj9YGYg_w-kqsbPlp0r_xvJMxoc27is69iUDKr1H5WbyIEzxwD99vmcxE_emAv_HovJz5AEclj0gvzOXoEkGNa8FlTkp9dAMJLOC5GUxjca4OA_C0hEb56N9AOvOLd6gelobBfwRXZ5-Q\",\"qi\":\"E1-MJtEmpSgyiWcrh-T6L9JxEx1xwGlUYLcviCTSO-o08hlhgKjpZitkRyKc4uj7p7E0W0a6idQKq6ldAXZhArSAa7L2tAUbpefNyn1QQvJiP49S5Tcehd_JWvrsHbXfs6dWjckam5B4zl8ht7VMlIfg8GJ6K2X5XiWeDQTrSrKX6dsK5Ojq4uggdW1WikA_s6bZyFfea2-yqLGf9cC6AnsYYCu3EUXjZJe78kfnNfWZx5jb8aX0iab-hCOuwp0xMyillRKl4hDvlplNysSQv7BIpPUwuBKdl5KUfOuELkNIg6rOpRKTdct6px5kUyObqdYZoI72wqmPfrJadtTdQg\"}")
#define CERTIFICATES {"\"", "MIIBGTCBwKADAgECAgFhMAoGCCqGSM49BAMCMAwxCjAIBgNVBAMMAXgwHhcNMjAwMTAxMDAwMDAwWhcNNDAwMTAxMDAwMDAwWjAMMQowCAYDVQQDDAF4MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEA8t+owCXf/mFKFJMRP5van3pSMZ/JubeDznSkhASSV9S0FHj1a4dFvCp4ZedPnc4Ee2T+vJKk8r+02DbXkg0WqMTMBEwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiA3Iqvm99YeczhUjfKY1hGCROyssPWD2ESAzR+7LXybVwIhAJRIvfYzZqiimpfbwQw74EMpan5J7grYHcm/7aeB4NkQ", "\"", 0}
#define EC_KEYS {"\"", "-----BEGIN EC PRIVATE KEY-----\\nMIHcAgEBBEIBwijTM2sklJw96mb3AfhWGwwfjtpmBTAQxwXMdBIKHDRptupCOR9f\\nqJb2bpkE+n+6vdC3fMChBJbaiVe1JMkNHn+gBwYFK4EEACOhgYkDgYYABABfDG8M\\nOFpbJWspJvk4DNEQbAkd0lmbS7Jen0VkdPbJdUTUes+qodk/EUD9qqZ9flmXXdNn\\ncMFNGcXyjUJH50t7uwClfgpTqgo1qfhFMbF432PLFb9CGKV9I/JRd9glLYB2Mhzx\\nqf5j3kVbBIz0nsER41j/vnVFV0vEE5syYuk8EA33Jg==\\n-----END EC PRIVATE KEY-----\\n", "\"", 0}
#define RSA_KEYS {"\"", "-----BEGIN RSA PRIVATE KEY-----\\nMIIJKAIBAAKCAgEA2i7f3Mx5qPlW6B6y7SK5azf9a2IPE0RU1/7uEj6YL83QhVDz\\nQpmiPdGHw8DUIAWFkrUOz3jqxuNX215dwQ2cbVezr5PCPfIXWPJspD3+I/A/qHxl\\nXrk89oxrRTYfDjToZcsY6UynnSv/ibSrcgLGdO796+dnYDz5mCRpHNbC/EoLLELZ\\nfpea4o/LCRi5kpyoF4vppZ1I2V1kXEgjO5Z3RGpQiiQ1jbqFosQGgoulIDBn6Mmq\\nqWpzZwYOtInkJSqKy6gpWnKLI2fo1lDgEFWxh532qhD1nSzE7d++uETV5ZnnhK8b\\nLVLna8EG8oH0Eif1t714+UWqoiOA8hDOpqhBC1N3rlzvS03PnYZxYW94sGjkuQGw\\nlE1I/cleGWCqx5q9YWo/BJMBnvbGs+cOnsi3TpvaUvN6KQjHcFMw8TUse1/Sy/s3\\nKUmQ99uexqwwQxQKS661NqTSq+yV2cuX6LZN7nukdJn4MT+/fpSGJiSvhrhdbrAC\\nA//RrGls1dtrHF5xoPOMQtGxGK7k+gFmo6yI1r3G5LpnBPuoUuU+RxrAdJnSnjKE\\nesyO8crRihsCGOA2J3pUg8R7flJETqAdLuBpRWECO+XghxRsoQ9NQy4jj5AmMGNm\\nZ1YwwPlTuXRRvYOyVkxoqCrd5Td6WHEe3vhR2TfMduVupSan3Y5Iqjf74r8CAwEA\\nAQKCAgAG0CjobbAs4SBgHjlLI2bz3Ks6s7SxztPxbMIFatP4xi4JQ7Zc8Yw57vWU\\n3Mwi9dkudB3yx51ZOZcwP/mggirM1UzEolIR+iHVgrh2xoLNn351ZfEKbLFlJ4xf\\n/Gkq2ecZ6qYr/ttLEqknpS8nX8PPufjO6Yp2XGEU6aoonuI2258OskW1aMmK4p+d\\n+Jou5FpxZcqVg9xXAU4VfaEwBqpRxhoevjO36cerhgCIChFNeIV+JPIB2VOiN3O1\\nGos3x+TOqEEmVGZY5DFGo/7jM7HYAMxHkkEBN/ksTmzXtzqQsWYj5A3us+SLHlt3\\nriwvdvT62F1TN2Q1LPOlW3YAiUeCosUpv6S9dH9df5xUupMvMSrGLujaUkqrhNij\\njNeL7CRkMAC81EcJr5I07O1Ac7TNbzb/icYsAq1zpJpqvssPeLngznFf13XKzNqA\\nvg9WpC4lEJiDfmLKnDJ3SclwMQHLNTOcfsswMNqcq3AN+EYfdPfnrvx7gqdwDWZr\\nl5LYkD/mAq4y7xXUsN4SJ+fGsHsJ10gHmRoRjHlKtCn2pcAk0asz95zk2cx34ZqX\\nCljZT4ljBwT1mvFr4kW9LpAgyliqx8de34Odjoxu9N661+24cug8pe1CwQHKEaX4\\nDNoSV7/8qPe0Ll/t7NEzWPER+WdxwTnYTg9tsNTzGXkONCY+mQKCAQEA74cSRp+y\\ntC8Q+KQg3omzgE4BhG4Iu+WHkssNAxW1G47E/VnQEefS+3T/qnsyL6ywAGG7wR69\\nIMW5QB46IgwiWzeD33Ccpcxdu7nyzxffNTvrdOsjRUhrCk8mG1ENGlDshzjCRrpV\\nWzY+d1ZVsYVSnlsxwpOBbNBoJt70xHb3v8gQilNCAgmQfuxNVYAP/2mq5ZYABUgi\\nYMKG9VEGcl0wIUSSQmNQPw9KyJ/BIzJBmY9YlEproqcukR23upK8p5qCrUOMolkV\\nfGfsqH6X/TtN9gCujrfU/gQ0w5EttPTd7tGdNVIOcEmCk3r2nSubOfWYEvRicWzu\\nZumx0hYCWBlBJwKCAQEA6TAHYJ3kIC+HfZ+tKE4mNRYkK8IcF9zzDXZKSc5EwpE0\\nXMSTwnpPQHIaa3aLEBjMw5JD6gci/ydD27ZqnhCdmEvIKYNW7v5sorOnksfeVStp\\n0+R1dSUuDxysRsvVPIuV0Eq11vCt6pCwwLdMz/ija/YFxpHpUea4rZLSRF6kM4ax\\njOj+Jg9CzJ2q3FHUwRug4+c6wQvKNPfJoOkV6YYoyVx+S3a7wo9kM1vsQHEAcgif\\nMBhm07TPYuD7TrQ+v/l2pzeBDo3gh5HuuAfvGJGlSMBNFY2mY11C6gMhgS1Qb781\\nr+ecKIV2P8iSSHvABnxiFZIGVGRRNF+MMMONZF0gqQKCAQA9AqWYEZNeK+LhwkSR\\nCngLRVNDnRdibMuEi23MDFpuI4ZvldHWzbrCzAFXNjwJQq4t2rcNMLwxvcs61rgt\\n9fNGUrSnVDLCVHTHnUyIjWcQUyvdQwtf2VtSa+ij6pgwzM4Cf2WUyF93dTCiCv6W\\n0gPCTC43hoTf55Gv3Phxlm/yjI4R/bUBedgxTBVCovTwNMUP544nykDfbo0brUC8\\nHppkzueGO2+0MDv3MCHsyh9Fcuq4EuCptHW7BtvGjRu6gTOp2FvY+mHrpzjzjhM+\\nsD1iXLgZqB97eCzMZ41B22EwNHobm8QLu92jnR112SaXs8PBiDgO9hUfZ4UgovSD\\n5iLfAoIBAQCms2oivN0v0SqYOQVt0ehofQqgqaSxvoeW8SCMgMQRIAMB6poDJrLv\\nTGLsvhMOD9yaVz7r1+xB4c0WDeNMWm5/SHWwj68fLY12Bt7eBLpBwsZl72W0uD6k\\nGQhjmCY5oUQZYr96CBccoBFrw95KsuIJNRjN6tOUdE9D7rkYnVvfZgQZyxqdFL3Z\\nT0GtPWbOIjUzl8Md7JLCqP1gZiD/D6Sqxs+WnSv/G8kzGhzbuKzr2JQMqvUflZvI\\ngTPHAP32+ZzET96YC/8ei8nPkARyWPSC/M5egSQY1rwWVOSn10Awks4LkZTGNxrg\\n4D8LSERvno30A684t3qB6WhsF/BFdnn5AoIBABNfjCbRJqUoMolnK4fk+i/ScRMd\\nccBpVGC3L4gk0jvqNPIZYYCo6WYrZEcinOLo+6exNFtGuonUCqupXQF2YQK0gGuy\\n9rQFG6Xnzcp9UELyYj+PUuU3HoXfyVr67B2137OnVo3JGpuQeM5fIbe1TJSH4PBi\\neitl+V4lng0E60qyl+nbCuTo6uLoIHVtVopAP7Om2chX3mtvsqixn/XAugJ7GGAr\\ntxFF42SXu/JH5zX1mceY2/Gl9Imm/oQjrsKdMTMopZUSpeIQ75aZTcrEkL+wSKT1\\nMLgSnZeSlHzrhC5DSIOqzqUSk3XLeqceZFMjm6nWGaCO9sKpj36yWnbU3UI=\\n-----END RSA PRIVATE KEY-----\\n", "\"", 0}

static const struct hostile_input inputs[] = {
    {"sprintf", {{"\"", "%[1]1000000d", "\"", 0}, JUST("[1]")}, 0},
    {"sprintf", {{"\"", "%.1000000f", "\"", 0}, {"[", "0.1,", "0]", 0}}, 0},
    {"sprintf", {{"\"", "%[1]v", "\"", 0}, {"[[", "1,", "1]]", 8}}, 0},
    {"sprintf", {{"\"", "%[1].0s", "\"", 0}, {"[[", "\"\",", "1]]", 8}}, 0},
    {"sprintf", {{"\"", "%[1].1000000s", "\"", 0}, {"[\"", "\xC3\xA9", "\"]", 2}}, 0},
    {"sprintf", {{"\"", "%[1]#q", "\"", 0}, {"[\"", "\xC3\xA9", "`\"]", 0}}, 0},
    {"sprintf", {{"\"", "%[1]x", "\"", 0}, {"[\"", "a", "\"]", 0}}, 0},
    {"sprintf", {{"\"", "%[", "\"", 0}, JUST("[1]")}, 0},
    {"sprintf", {{"\"", "%", "\"", 0}, JUST("[]")}, 0},
    {"sprintf", {JUST("\"\""), ONES}, 0},
    {"sprintf", {JUST("\"%v\""), {"[", "{\"b\":[1.50,{\"#\"}]},", "1]", 0}}, 0},
    {"trace", {TEXT}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"internal.print", {{"[[", "{\"b\":1,\"a\":{\"#\"}},", "1]]", 0}}, 0},
    {"internal.print", {{"[", "1,", "1]", 0}}, 0},
    {"internal.template_string", {{"[", "{\"a\"},", "1]", 0}}, 0},
    {"internal.template_string", {{"[", "\"\",", "1]", 0}}, HOSTILE_LEAN},
    {"opa.runtime", {JUST("")}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"strings.any_prefix_match", {{"[", "\"#\",", "\"\"]", 0}, {"[", "\"x#\",", "\"x\"]", 0}}, HOSTILE_LEAN},
    {"strings.any_prefix_match", {{"\"", "a", "\"", 0}, {"[", "\"x#\",", "\"x\"]", 0}}, HOSTILE_LEAN},
    {"strings.any_suffix_match", {{"[", "\"#\",", "\"\"]", 0}, {"[", "\"#x\",", "\"x\"]", 0}}, HOSTILE_LEAN},
    {"strings.count", {TEXT, JUST("\"a\"")}, HOSTILE_LEAN},
    {"strings.count", {ACCENTS, JUST("\"\"")}, HOSTILE_LEAN},
    {"strings.count", {TEXT, {"\"", "a", "b\"", 2}}, HOSTILE_LEAN},
    {"strings.split_n", {TEXT, JUST("\"a\""), JUST("1000000000")}, 0},
    {"strings.split_n", {ACCENTS, JUST("\"\""), JUST("-1000000000")}, 0},
    {"strings.split_n", {TEXT, {"\"", "a", "b\"", 1000}, JUST("-1")}, HOSTILE_LEAN},
    {"strings.reverse", {ACCENTS}, 0},
    {"indexof_n", {TEXT, JUST("\"a\"")}, 0},
    {"indexof_n", {TEXT, {"\"", "a", "\"", 100}}, 0},
    {"indexof_n", {ACCENTS, JUST("\"b\"")}, HOSTILE_LEAN},
    {"glob.quote_meta", {{"\"", "*", "\"", 0}}, 0},
    {"cast_array", {ONES}, 0},
    {"cast_set", {{"[", "\"#\",", "1]", 0}}, 0},
    {"cast_set", {OBJECTS}, 0},
    {"cast_set", {{"[", "{\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa#\":0},", "{}]", 0}}, 0},
    {"cast_boolean", {JUST("true")}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"cast_null", {JUST("null")}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"cast_object", {KEYS}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"cast_string", {TEXT}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"array.flatten", {{"[", "[1],", "1]", 0}}, 0},
    {"array.flatten", {{"[", "[],", "1]", 0}}, HOSTILE_LEAN},
    {"array.reverse", {ONES}, 0},
    {"numbers.range_step", {JUST("0"), JUST("999999"), JUST("1")}, 0},
    {"numbers.range_step", {JUST("9223372036854775807"), JUST("-9223372036854775808"), JUST("18446744073710")}, 0},
    {"object.keys", {KEYS}, 0},
    {"object.keys", {{"{", "\"#@\":1,", "\"\":1}", 0}}, 0},
    {"object.subset", {ONES, {"[", "1,", "2]", 2}}, HOSTILE_LEAN},
    {"object.subset", {KEYS, KEYS}, HOSTILE_LEAN},
    {"object.subset", {{"{", "\"@#\",", "1}", 0}, {"{", "\"@#\",", "[]}", 0}}, HOSTILE_LEAN},
    {"object.subset", {{"[", "\"@#\",", "1]", 0}, {"{", "\"@#\",", "1}", 0}}, HOSTILE_LEAN},
    {"object.subset", {{"{", "[\"#@\",1.5]:1,", "0:1}", 0}, {"{", "[\"@#\",1.50]:1,", "1:1}", 0}}, HOSTILE_LEAN},
    {"object.union_n", {{"[", "{\"k@#\":{\"x\":1}},", "{}]", 0}}, 0},
    {"object.union_n", {{"[", "{[\"@#\",1.5]:{[1.0]:1}},", "{}]", 0}}, 0},
    {"object.union_n", {{"[", "{\"k\":{\"x@#\":1}},", "{}]", 0}}, 0},
    {"object.union_n", {{"[", "{},", "{}]", 0}}, HOSTILE_LEAN},
    {"strings.render_template", {TEXT, JUST("{}")}, 0},
    {"strings.render_template", {{"\"", "{{/**/}}", "\"", 0}, JUST("{}")}, HOSTILE_LEAN},
    {"strings.render_template", {{"\"", "{{1}}", "\"", 0}, JUST("{}")}, 0},
    {"strings.render_template", {{"\"", "{{if .}}{{else}}{{end}}", "\"", 0}, KEYS}, 0},
    {"strings.render_template", {{"\"{{if 0}}", "{{else if 0}}", "{{end}}\"", 0}, JUST("{}")}, 0},
    {"strings.render_template", {{"\"", "{{define `#@`}}x{{end}}", "\"", 0}, JUST("{}")}, 0},
    {"strings.render_template", {{"\"", "{{$x#@ := 1}}", "\"", 0}, JUST("{}")}, 0},
    {"strings.render_template", {JUST("\"{{range $k, $v := .}}{{$k}}{{$v}}{{end}}\""), KEYS}, 0},
    {"strings.render_template", {JUST("\"{{range .a}}{{range $.a}}{{end}}{{end}}\""), {"{\"a\":[", "1,", "1]}", 0}}, HOSTILE_LEAN},
    {"strings.render_template", {JUST("\"{{range 100000}}{{end}}\""), JUST("{}")}, HOSTILE_LEAN},
    {"strings.render_template", {JUST("\"{{range 100000}}{{print $}}{{end}}\""), JUST("{}")}, 0},
    {"strings.render_template", {JUST("\"{{range 1000}}{{printf `%1000000d` 1}}{{end}}\""), JUST("{}")}, 0},
    {"strings.render_template", {JUST("\"{{define `a`}}{{template `b`}}{{template `b`}}{{end}}{{define `b`}}{{template `a`}}{{end}}{{template `a`}}\""), JUST("{}")}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"strings.render_template", {JUST("\"{{define `a`}}{{if .}}{{template `a` (slice . 1)}}{{template `a` (slice . 1)}}{{end}}{{end}}{{template `a` .a}}\""), JUST("{\"a\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14]}")}, HOSTILE_LEAN},
    {"strings.render_template", {JUST("\"{{html .a}}{{js .a}}{{urlquery .a}}{{len .a}}\""), {"{\"a\":\"", "<", "\"}", 0}}, 0},
    {"strings.render_template", {{"\"{{printf `", "%v", "` 1}}\"", 0}, JUST("{}")}, 0},
    {"strings.render_template", {{"\"{{eq 1 ", "0 ", "}}\"", 0}, JUST("{}")}, 0},
    {"strings.render_template", {{"\"{{", "$.a", "}}\"", 0}, JUST("{}")}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"strings.render_template", {JUST("\"{{.a}}{{.a}}\""), {"{\"a\":[", "[1,\"a\"],", "1]}", 0}}, 0},
    {"hex.encode", {TEXT}, 0},
    {"hex.decode", {{"\"", "61", "\"", 0}}, 0},
    {"hex.decode", {INVALID}, 0},
    {"base64url.encode_no_pad", {TEXT}, 0},
    {"json.is_valid", {{"\"[", "1,", "1]\"", 0}}, HOSTILE_LEAN},
    {"json.is_valid", {ACCENTS}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"yaml.is_valid", {{"\"", "- {}\\n", "\"", 0}}, 0},
    {"yaml.is_valid", {{"\"", "%TAG !a#! x\\n", "--- a\"", 0}}, 0},
    {"yaml.unmarshal", {{"\"[&a {k: [1,1,1,1,1]},", "*a,", "1]\"", 0}}, 0},
    {"yaml.unmarshal", {{"\"", "? k#\\n", "\"", 0}}, 0},
    {"yaml.unmarshal", {TEXT}, 0},
    {"yaml.unmarshal", {{"\"a: &a {<<: [", "{k#: 1},", "{}]}\"", 0}}, 0},
    {"yaml.unmarshal", {{"\"", "\\\"\\\\/", "\"", 0}}, 0},
    {"uuid.parse", {TEXT}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"uuid.parse", {JUST("\"00000000-0000-2000-8000-000000000000\"")}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"yaml.marshal", {OBJECTS}, 0},
    {"yaml.marshal", {{"\"", "\\n a", "\"", 0}}, 0},
    {"yaml.marshal", {{"{", "\"#@\":\"true\",", "\"\":1}", 0}}, 0},
    {"json.marshal_with_options", {ONES, {"{\"indent\":\"", " ", "\"}", 1000}}, 0},
    {"json.marshal_with_options", {OBJECTS, JUST("{}")}, 0},
    {"json.marshal_with_options", {{"\"", "<", "\"", 0}, JUST("{}")}, 0},
    {"urlquery.encode", {ACCENTS}, 0},
    {"urlquery.decode", {{"\"", "%61", "\"", 0}}, 0},
    {"urlquery.decode", {{"\"", "%ff", "\"", 0}}, 0},
    {"urlquery.encode_object", {{"{", "\"#@\":[\"a\"],", "\"\":[]}", 0}}, 0},
    {"urlquery.encode_object", {{"{", "\"#@\":[],", "\"\":[]}", 0}}, 0},
    {"urlquery.decode_object", {{"\"", "k@#=v&", "\"", 0}}, 0},
    {"urlquery.decode_object", {{"\"", "&", "\"", 0}}, HOSTILE_LEAN},
    {"urlquery.decode_object", {{"\"", "k&", "\"", 0}}, 0},
    {"uri.is_valid", {{"\"http://", "%ff", "\"", 0}}, 0},
    {"uri.parse", {{"\"/", "%61", "?\"", 0}}, 0},
    {"graph.reachable_paths", {{"{", "\"@#\":[\"0\",\"1\"],", "\"0\":[\"1\",\"2\"],\"1\":[\"2\",\"3\",\"0\"],\"2\":[\"0\",\"1\",\"3\"],\"3\":[\"1\",\"0\",\"2\"]}", 0}, {"[", "\"@#\",", "\"\"]", 0}}, 0},
    {"json.match_schema", {ONES, JUST("{\"items\":{\"anyOf\":[{\"type\":\"null\"},{\"minimum\":2}]}}")}, 0},
    {"json.match_schema", {{"[", "\"#@\",", "1]", 0}, JUST("{\"uniqueItems\":true}")}, 0},
    {"json.match_schema", {KEYS, {"{\"patternProperties\":{", "\"k*@#\":false,", "\"a\":{}}}", 0}}, 0},
    {"json.match_schema", {JUST("[1]"), {"{\"$ref\":\"#/d/0\",\"d\":{", "\"@#\":{\"allOf\":[{\"$ref\":\"#\"},{\"$ref\":\"#\"}]},", "\"0\":{\"items\":{\"$ref\":\"#\"}}}}", 0}}, 0},
    {"json.match_schema", {JUST("[[[[1e300,1]]]]"), JUST("{\"anyOf\":[{\"items\":{\"$ref\":\"#\"}},{\"items\":{\"$ref\":\"#\"}},{\"multipleOf\":7}]}")}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"json.match_schema", {JUST("{}"), JUST("{\"oneOf\":[{\"$ref\":\"#/x\"}],\"x\":{\"allOf\":[{\"$ref\":\"#\"},{\"$ref\":\"#\"}]}}")}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"json.match_schema", {JUST("{}"), JUST(DOUBLES)}, HOSTILE_LEAN},
    {"json.match_schema", {TEXT, OBJECTS}, 0},
    {"json.match_schema", {{"\"[", "1e300,", "1]\"", 0}, JUST("{\"items\":{\"multipleOf\":12345678901234567}}")}, 0},
    {"json.match_schema", {{"[", "1e99999,", "1]", 0}, JUST("{\"items\":{\"multipleOf\":12345678901234567}}")}, 0},
    {"json.verify_schema", {{"{\"enum\":[", "\"@#\",", "1]}", 0}}, 0},
    {"json.verify_schema", {{"{\"definitions\":{", "\"@#\":{\"$ref\":\"#/definitions/0\"},", "\"0\":{\"$id\":\"http://a/\"}}}", 0}}, 0},
    {"json.verify_schema", {{"{\"$id\":\"http://a/", "b/", "\",\"items\":{\"$ref\":\"c\"}}", 0}}, 0},
    {"json.verify_schema", {{"\"{\\\"required\\\":[", "\\\"@#\\\",", "1]}\"", 0}}, 0},
    {"json.patch", {ONES, {"[", "{\"op\":\"add\",\"path\":\"/0\",\"value\":1},", "{\"op\":\"remove\",\"path\":\"/0\"}]", 0}}, 0},
    {"json.patch", {ONES, {"[", "{\"op\":\"test\",\"path\":\"\",\"value\":[1,2]},", "{}]", 0}}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"json.patch", {JUST("{}"), {"[", "{\"op\":\"copy\",\"from\":\"\",\"path\":\"/a\"},", "{\"op\":\"remove\",\"path\":\"/a\"}]", 0}}, HOSTILE_LEAN},
    {"json.patch", {JUST("{\"a\":{}}"), {"[", "{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/a/@#\"},", "{\"op\":\"remove\",\"path\":\"/a\"}]", 0}}, HOSTILE_LEAN},
    {"json.patch", {KEYS, {"[", "{\"op\":\"add\",\"path\":\"/x#\",\"value\":1},{\"op\":\"remove\",\"path\":\"/x#\"},", "{\"op\":\"remove\",\"path\":\"/k00\"}]", 0}}, 0},
    {"json.patch", {KEYS, {"[", "{\"op\":\"copy\",\"from\":\"/k00\",\"path\":\"/x#\"},", "{\"op\":\"remove\",\"path\":\"/x0\"}]", 0}}, 0},
    {"json.patch", {ONES, {"[{\"op\":\"add\",\"path\":\"/", "1", "\",\"value\":1}]", 0}}, 0},
    {"json.patch", {ONES, {"[{\"op\":\"add\",\"path\":[", "\"1\",", "1],\"value\":1}]", 0}}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"crypto.md5", {TEXT}, HOSTILE_LEAN},
    {"crypto.sha1", {TEXT}, HOSTILE_LEAN},
    {"crypto.sha256", {TEXT}, HOSTILE_LEAN},
    {"crypto.hmac.md5", {TEXT, TEXT}, HOSTILE_LEAN},
    {"crypto.hmac.sha1", {TEXT, TEXT}, HOSTILE_LEAN},
    {"crypto.hmac.sha256", {TEXT, TEXT}, HOSTILE_LEAN},
    {"crypto.hmac.sha512", {TEXT, TEXT}, HOSTILE_LEAN},
    {"crypto.hmac.equal", {TEXT, TEXT}, HOSTILE_LEAN},
    {"rand.intn", {TEXT, JUST("9223372036854775807")}, 0},
    {"uuid.rfc4122", {OBJECTS}, 0},
    {"io.jwt.decode", {JWT_TEXT}, 0},
    {"io.jwt.decode", {JWT_LIST}, 0},
    {"io.jwt.decode", {JWT_SIGNATURE}, 0},
    {"io.jwt.decode", {{"\"", ".", "\"", 0}}, HOSTILE_LEAN},
    {"io.jwt.verify_rs256", {JWT_SIGNATURE, KEYS_OCT}, 0},
    {"io.jwt.verify_rs384", {JWT_SIGNATURE, KEYS_OCT}, 0},
    {"io.jwt.verify_rs512", {JWT_SIGNATURE, KEYS_OCT}, 0},
    {"io.jwt.verify_ps256", {JWT_SIGNATURE, KEYS_OCT}, 0},
    {"io.jwt.verify_ps384", {JWT_SIGNATURE, KEYS_OCT}, 0},
    {"io.jwt.verify_ps512", {JWT_SIGNATURE, KEYS_OCT}, 0},
    {"io.jwt.verify_eddsa", {JWT_SIGNATURE, KEYS_OCT}, 0},
    {"io.jwt.verify_es256", {JWT_P521, KEYS_P521}, 0},
    {"io.jwt.verify_es384", {JWT_P521, KEYS_P521}, 0},
    {"io.jwt.verify_es512", {JWT_P521, KEYS_P521}, 0},
    {"io.jwt.verify_es256", {JWT_P521, PEM_LINES}, 0},
    {"io.jwt.verify_eddsa", {JWT_SIGNATURE, KEY_LONG}, 0},
    {"io.jwt.verify_hs256", {JWT_TEXT, TEXT}, HOSTILE_LEAN},
    {"io.jwt.verify_hs256", {JWT_SIGNATURE, TEXT}, 0},
    {"io.jwt.verify_hs384", {JWT_TEXT, TEXT}, HOSTILE_LEAN},
    {"io.jwt.verify_hs384", {JWT_SIGNATURE, TEXT}, 0},
    {"io.jwt.verify_hs512", {JWT_TEXT, TEXT}, HOSTILE_LEAN},
    {"io.jwt.verify_hs512", {JWT_SIGNATURE, TEXT}, 0},
    {"io.jwt.decode_verify", {JWT_P521, {"{\"cert\":\"{\\\"keys\\\":[", "{\\\"kty\\\":\\\"EC\\\",\\\"crv\\\":\\\"P-521\\\",\\\"x\\\":\\\"AF8Mbww4Wlslaykm-TgM0RBsCR3SWZtLsl6fRWR09sl1RNR6z6qh2T8RQP2qpn1-WZdd02dwwU0ZxfKNQkfnS3u7\\\",\\\"y\\\":\\\"AKV-ClOqCjWp-EUxsXjfY8sVv0IYpX0j8lF32CUtgHYyHPGp_mPeRVsEjPSewRHjWP--dUVXS8QTmzJi6TwQDfcm\\\"},", "{\\\"kty\\\":\\\"oct\\\",\\\"k\\\":\\\"AA\\\"}]}\"}", 0}}, 0},
    {"io.jwt.encode_sign", {JUST("{\"alg\":\"HS512\"}"), {"[\"", "<", "\"]", 0}, SECRET_KEY}, 0},
    {"io.jwt.encode_sign", {JUST("{\"alg\":\"PS512\"}"), KEYS, RSA_KEY}, 0},
    {"io.jwt.encode_sign_raw", {JUST("\"{\\\"alg\\\":\\\"EdDSA\\\",\\\"typ\\\":\\\"a\\\"}\""), TEXT, JUST("\"{\\\"kty\\\":\\\"OKP\\\",\\\"crv\\\":\\\"Ed25519\\\",\\\"x\\\":\\\"mygTzKNmyzm3XMEC2aisDTgKa4STaz6ahJuDUF_4Ycg\\\",\\\"d\\\":\\\"UY6XrMVfKBMeAt3YFAN6G1dA8SX-1CerDCZ7lOwmotA\\\"}\"")}, 0},
    {"crypto.x509.parse_certificates", {CERTIFICATES}, 0},
    {"crypto.x509.parse_certificates", {PEM_LINES}, HOSTILE_LEAN},
    {"crypto.x509.parse_and_verify_certificates", {CERTIFICATES}, 0},
    {"crypto.x509.parse_and_verify_certificates_with_options", {CERTIFICATES, {"{\"KeyUsages\":[", "\"KeyUsageAny\",", "1]}", 0}}, 0},
    {"crypto.x509.parse_certificate_request", {{"\"", "AAAA", "\"", 0}}, 0},
    {"crypto.x509.parse_certificate_request", {PEM_LINES}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"crypto.x509.parse_certificate_request", {{"\"-----BEGIN CERTIFICATE REQUEST-----\\n", "-----BEGIN A:-----\\na:b\\n-----END :\\n", "\"", 0}}, 0},
    {"crypto.parse_private_keys", {EC_KEYS}, 0},
    {"crypto.parse_private_keys", {RSA_KEYS}, 0},
    {"crypto.x509.parse_rsa_private_key", {RSA_KEYS}, HOSTILE_LEAN},
    {"crypto.x509.parse_keypair", {CERTIFICATES, PEM_LINES}, 0},
    {"crypto.x509.parse_keypair", {CERTIFICATES, EC_KEYS}, 0},
    {"providers.aws.sign_req", {{"{\"method\":\"a\",\"url\":\"b\",\"headers\":{", "\"K#@\":\"v\",", "\"\":1}}", 0}, JUST("{\"aws_access_key\":\"a\",\"aws_region\":\"b\",\"aws_secret_access_key\":\"c\",\"aws_service\":\"s3\"}"), JUST("1700000000000000000")}, 0},
    {"providers.aws.sign_req", {{"{\"method\":\"a\",\"url\":\"http://b/", "%20", "\"}", 0}, {"{\"aws_access_key\":\"a\",\"aws_region\":\"b\",\"aws_service\":\"s3\",\"aws_secret_access_key\":\"", "a", "\"}", 0}, JUST("1700000000000000000")}, 0},
    {"semver.is_valid", {{"\"1.2.3-1", ".1", "\"", 0}}, HOSTILE_LEAN},
    {"semver.compare", {{"\"1.2.3-1", ".1", "\"", 0}, {"\"1.2.3-1", ".1", "\"", 0}}, HOSTILE_LEAN},
    {"regex.is_valid", {{"\"", "(a|b)*", "\"", 0}}, 0},
    {"regex.match", {JUST("\"\\\\s+$\""), {"\"", " ", "x\"", 0}}, HOSTILE_LEAN},
    {"regex.match", {JUST("\"(a*)*b\""), TEXT}, HOSTILE_LEAN},
    {"regex.split", {JUST("\"a\""), TEXT}, 0},
    {"regex.find_n", {JUST("\"a\""), TEXT, JUST("-1")}, 0},
    {"regex.replace", {TEXT, JUST("\"a\""), {"\"", "b", "\"", 100}}, 0},
    {"regex.template_match", {{"\"", "{a}", "\"", 0}, TEXT, JUST("\"{\""), JUST("\"}\"")}, 0},
    {"regex.globs_match", {{"\"", "a*b*", "\"", 0}, {"\"", "a*b*", "c\"", 0}}, 0},
    {"regex.globs_match", {{"\"[", "a-cx", "]*\"", 0}, {"\"[", "1-2y", "]*\"", 0}}, 0},
    {"time.now_ns", {JUST("")}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"time.parse_rfc3339_ns", {{"\"", " ", "\"", 0}}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"time.parse_ns", {{"\"", "x", "5\"", 0}, {"\"", "x", "5\"", 0}}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"time.parse_ns", {{"\"", "5.0", "\"", 60}, {"\"", "5.0", "\"", 60}}, HOSTILE_LEAN},
    {"time.parse_duration_ns", {{"\"", "0ns", "\"", 0}}, HOSTILE_LEAN},
    {"time.parse_duration_ns", {{"\"", "1", "ns\"", 0}}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"time.date", {{"[0,\"", "a", "\"]", 0}}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"time.clock", {{"[0,\"Europe/Berlin\",\"", "a", "\"]", 0}}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"time.weekday", {{"[0,\"Europe/Berlin\",\"", "a", "\"]", 0}}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"time.add_date", {JUST("[0,\"Europe/Berlin\"]"), JUST("9999999"), JUST("9999999"), JUST("9999999")}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"time.diff", {JUST("[0,\"Europe/Berlin\"]"), JUST("[1700000000000000000,\"Asia/Tokyo\"]")}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"time.format", {{"[0,\"Europe/Berlin\",\"", "January", "\"]", 0}}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"time.format", {{"[0,\"Europe/Berlin\",\"", "January", "\"]", 60}}, HOSTILE_LEAN},
    {"units.parse", {{"\"1", "\\\"", "\"", 0}}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"units.parse", {{"\"", "1", "\"", 0}}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"units.parse_bytes", {JUST("\"1e999999Ki\"")}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"net.cidr_is_valid", {{"\"1.2.3.4/", "0", "\"", 0}}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"net.cidr_expand", {JUST("\"fd00::/111\"")}, 0},
    {"net.cidr_expand", {JUST("\"10.0.0.0/15\"")}, 0},
    {"net.cidr_expand", {JUST("\"::/0\"")}, HOSTILE_SHORT | HOSTILE_LEAN},
    /* Nobody may be asked: what may be is bounded by the broker. */
    {"http.send", {KEYS}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"net.lookup_ip_addr", {TEXT}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"net.cidr_merge", {{"[", "\"fd00:@:#::/64\",", "\"10.0.0.0\"]", 0}}, 0},
    {"net.cidr_merge", {{"[", "\"fd00:#:@::1/128\",", "\"10.0.0.0\"]", 0}}, 0},
    {"net.cidr_contains_matches", {{"[", "\"::/0\",", "\"::/0\"]", 0}, {"[", "\"fd00:@:#::\",", "\"::\"]", 0}}, 0},
    {"net.cidr_contains_matches", {{"{", "\"k@#\":\"fd00::/64\",", "\"\":\"::/0\"}", 0}, {"{", "\"fd00:@:#::\",", "\"::\"}", 0}}, 0},
    {"graphql.is_valid", {{"\"{", "a ", "}\"", 0}, JUST("\"type Query{a:Int}\"")}, 0},
    {"graphql.is_valid", {{"\"{", "...F ", "} fragment F on Query{a}\"", 0}, JUST("\"type Query{a:Int}\"")}, 0},
    {"graphql.is_valid", {{"\"{...F0}", "fragment F# on Query{a ...F0}", "\"", 0}, JUST("\"type Query{a:Int}\"")}, 0},
    {"graphql.is_valid", {{"\"{...F0}", "fragment F#@ on Query{a b:a}", "fragment F0 on Query{a}\"", 0}, JUST("\"type Query{a:Int}\"")}, 0},
    {"graphql.is_valid", {{"\"{a(b:[", "{c:1},", "])}\"", 0}, JUST("\"type Query{a(b:[I]):Int} input I{c:Int}\"")}, 0},
    {"graphql.is_valid", {JUST("\"{a}\""), {"\"type Query{a:Int} enum E{", "V#@ ", "}\"", 0}}, 0},
    {"graphql.is_valid", {{"{\"Operations\":[{\"SelectionSet\":[", "{\"Name\":\"a\"},", "1]}]}", 0}, JUST("\"type Query{a:Int}\"")}, 0},
    {"graphql.parse", {{"\"{", "b#@ ", "}\"", 0}, {"\"type Query{", "a#@:Int ", "}\"", 0}}, 0},
    {"graphql.parse", {{"\"{", "a ", "}\"", 0}, JUST("\"type Query{a:Int}\"")}, 0},
    {"graphql.parse_and_verify", {{"\"{", "a#@:a ", "}\"", 0}, JUST("\"type Query{a:Int}\"")}, 0},
    {"graphql.parse_and_verify", {JUST("\"{a}\""), {"\"", "type T#@{a:Int}", "\"", 0}}, 0},
    {"graphql.schema_is_valid", {{"\"", "type T#@ implements I{a:Int}", "interface I{a:Int}\"", 0}}, 0},
    {"graphql.schema_is_valid", {{"\"union U=Q", "|Q", " type Q{a:Int}\"", 0}}, 0},
    {"graphql.schema_is_valid", {{"\"", "input I#{a:I0!}", "\"", 0}}, 0},
    {"graphql.schema_is_valid", {{"{\"Definitions\":[", "{\"Name\":\"T#@\",\"Kind\":\"SCALAR\"},", "{}]}", 0}}, 0},
    {"graphql.parse_query", {{"\"{", "a ", "}\"", 0}}, 0},
    {"graphql.parse_query", {{"\"{a(b:[", "{c:[1]}", "])}\"", 0}}, 0},
    {"graphql.parse_query", {{"\"", "{a", "\"", 0}}, HOSTILE_SHORT | HOSTILE_LEAN},
    {"graphql.parse_query", {{"\"{a(b:\\\"", "\\\\n", "\\\")}\"", 0}}, 0},
    {"graphql.parse_query", {{"\"{a(b:\\\"\\\"\\\"", " \\n", "\\\"\\\"\\\")}\"", 0}}, 0},
    {"graphql.parse_schema", {{"\"", "type T#@{a:Int}", "\"", 0}}, 0},
    {"graphql.parse_schema", {{"\"union U=A", "|A", "\"", 0}}, 0},
};
/* clang-format on */

const struct hostile_input *hostile_inputs(size_t *ret_count)
{
    *ret_count = sizeof(inputs) / sizeof(inputs[0]);
    return inputs;
}

static void write_part(const char *part, uint32_t number, struct chimera_buffer *out)
{
    for (const char *at = part; *at; at++) {
        if (*at == '#')
            chimera_buffer_print(out, "%x", number & 0xFFFF);
        else if (*at == '@')
            chimera_buffer_print(out, "%x", number >> 16);
        else
            chimera_buffer_byte(out, (uint8_t)*at);
    }
}

void hostile_write(const struct hostile_argument *argument, size_t size, struct chimera_buffer *out)
{
    size_t share = size / (argument->share ? argument->share : 1), start = out->size;
    chimera_buffer_text(out, argument->head);
    if (!argument->part)
        return;
    for (uint32_t i = 0; out->size - start < share && !out->failed; i++)
        write_part(argument->part, i, out);
    chimera_buffer_text(out, argument->tail);
}
