/* The far end of a token: SoftHSM's own module, slowed, silenced or garbled by files in this library's folder.

   long    signing takes a second and more      busy    written when signing begins
   slow    every answer is late                 silent  nothing is answered any more
   garbled a signature is rubbish

   PKCS#11 gives its functions as a structure: two bytes of version, then pointers in a fixed order
   (OASIS PKCS #11 v2.40, 3.7). Only three of them are ours. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { GET_SLOT_LIST = 4, SIGN_INIT = 42, SIGN = 43, FUNCTIONS = 68 };
struct functions {
    unsigned char version[2];
    void *pointers[FUNCTIONS];
};

static struct functions real, ours;
static char folder[PATH_MAX];

static void in_folder(char *path, const char *name) {
    snprintf(path, PATH_MAX + 16, "%s/%s", folder, name);
}

static int wanted(const char *name) {
    char path[PATH_MAX + 16];
    in_folder(path, name);
    return access(path, F_OK) == 0;
}

static void misbehave(void) {
    if (wanted("slow")) usleep(150000);
    while (wanted("silent")) usleep(20000);
}

static unsigned long get_slot_list(unsigned char present, unsigned long *slots, unsigned long *count) {
    misbehave();
    return ((unsigned long (*)(unsigned char, unsigned long *, unsigned long *))real.pointers[GET_SLOT_LIST])(
        present, slots, count);
}

static unsigned long sign_init(unsigned long session, void *mechanism, unsigned long key) {
    char path[PATH_MAX + 16];
    in_folder(path, "busy");
    FILE *busy = fopen(path, "w");
    if (busy != NULL) fclose(busy);
    misbehave();
    if (wanted("long")) usleep(1200000);
    return ((unsigned long (*)(unsigned long, void *, unsigned long))real.pointers[SIGN_INIT])(
        session, mechanism, key);
}

static unsigned long sign(unsigned long session, unsigned char *data, unsigned long size,
                          unsigned char *signature, unsigned long *length) {
    unsigned long result =
        ((unsigned long (*)(unsigned long, unsigned char *, unsigned long, unsigned char *,
                            unsigned long *))real.pointers[SIGN])(session, data, size, signature, length);
    if (result == 0 && signature != NULL && wanted("garbled")) memset(signature, 0xA5, *length);
    return result;
}

unsigned long C_GetFunctionList(struct functions **list) {
    struct functions *found;
    char configuration[PATH_MAX + 16];
    Dl_info here;
    if (!dladdr((void *)C_GetFunctionList, &here)) return 5;
    snprintf(folder, sizeof folder, "%s", here.dli_fname);
    *strrchr(folder, '/') = 0;
    in_folder(configuration, "softhsm2.conf");
    setenv("SOFTHSM2_CONF", configuration, 1);
    void *library = dlopen(REAL, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) return 5;
    unsigned long (*get)(struct functions **) = dlsym(library, "C_GetFunctionList");
    if (get == NULL || get(&found) != 0) return 5;
    real = ours = *found;
    ours.pointers[GET_SLOT_LIST] = (void *)get_slot_list;
    ours.pointers[SIGN_INIT] = (void *)sign_init;
    ours.pointers[SIGN] = (void *)sign;
    *list = &ours;
    return 0;
}
